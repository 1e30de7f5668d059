"""Tables of comparisons for papers: as Markdown, LaTeX and CSV."""
