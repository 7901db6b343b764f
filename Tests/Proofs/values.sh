# Random shell text, hostile values and real shells.

found=$("$values" "$count" "$seed" "$work" dash bash mksh "busybox sh" ksh93) || { echo "$found" >&2; fail "a value ran, or did not arrive"; }
# shellcheck disable=SC2086
set -- $found
echo "values: $1 random shell texts; check refused $3, and $4 were not sent for what the value is; $2 ran in dash, bash, mksh, busybox and ksh93 ($5 runs): nothing of a value ran, and but for the $6 that calculate or run something in the background each value arrived byte for byte. $(seconds) s"
