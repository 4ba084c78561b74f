"""Where each channel is tried: one module for each, of its name, with `open_place(folder) -> Place`."""
