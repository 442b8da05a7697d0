"""An operator's customers, systems and people, made from a seed; they come in at the doorways."""
