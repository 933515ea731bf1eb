#!/bin/sh
# Compiles tables.tex, the LaTeX that ResultTablesTests compares with, by pdfTeX. Needs Debian's texlive-latex-recommended. Run: sh compile.sh
set -e
folder=$(mktemp -d)
cp tables.tex "$folder"
cd "$folder"
cat > document.tex <<'T'
\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[a4paper,landscape,margin=1cm]{geometry}
\usepackage{booktabs,longtable}
\begin{document}
\input{tables.tex}
\end{document}
T
for pass in 1 2 3; do pdflatex -interaction=nonstopmode -halt-on-error document.tex; done # a longtable finds its widths in later passes
echo "$folder/document.pdf"
