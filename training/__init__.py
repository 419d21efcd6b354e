"""What makes the tagger's weights: labelled and generated documents, training, export."""
