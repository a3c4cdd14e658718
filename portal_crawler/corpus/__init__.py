"""The corpus: articles of many runs, chosen, in lasting formats, with the proof that they are whole."""
