"""Reports: pages in Markdown, HTML and LaTeX, and their figures as files."""
