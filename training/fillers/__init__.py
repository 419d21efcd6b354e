"""What stands in the slots of templates, language by language."""
