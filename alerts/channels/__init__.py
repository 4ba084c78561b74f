"""The ways out. A channel is one module that offers `contract.Channel`; nothing else knows its provider's words."""
