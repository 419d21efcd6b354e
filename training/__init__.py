"""What makes the tagger's weights again. No part of what ships; README.md says how it is used."""
