"""Pictures. The only room that imports matplotlib (the extra ``plot``)."""
