# complete-zsh.zsh FOLDER LINE WORD
#
# Starts a zsh at a terminal of its own that finds completions in FOLDER, types LINE and TAB twice (the first puts in what all
# offers have in common), and prints what the terminal shows up to WORD. Without it, it waits for good: run it under timeout.
zmodload zsh/zpty
export TERM=dumb
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -D -u; echo rea''dy"
zpty -r shell shown '*ready*'
zpty -w -n shell "$2"$'\t\t'
zpty -r shell shown "*$3*"
print -r -- "$shown"
