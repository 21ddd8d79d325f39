# complete-bash.sh COMPLETION LINE
#
# Loads the completion into this bash, completes the line at its end as TAB does, and prints what is offered.
source "$1"
shopt -s extglob
COMP_LINE=$2
COMP_POINT=${#2}
read -r -a COMP_WORDS <<<"$2"
# Behind a blank a new word begins.
[[ $2 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_monitord monitord "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
