# Runs the server given by the arguments. Standard input is the lifeline: it is a pipe whose other
# end Celadon alone holds, so that it ends when Celadon lets go of it or dies, in whatever way.
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
(
  read -r nothing <&3
  kill -TERM "$server"
  # It waits for long polls to end, needlessly: what it has acknowledged is in its database.
  for second in 1 2; do
    # Not with our output: it is the folder's lock.
    sleep 1 >/dev/null
    kill -0 "$server" || exit
  done
  kill -KILL "$server"
) 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
