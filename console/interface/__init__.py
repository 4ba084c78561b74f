"""In which language does the console speak? Its catalogues, the choice among them, and what can be found wrong in them."""
