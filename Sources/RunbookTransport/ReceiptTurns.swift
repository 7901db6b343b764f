extension ReceiptScript {
    /// One run, one journal: `RUN/.after.SESSION` is a link to the session that came to this host next; the first one comes
    /// after the run's mark. A link is made once, so that of two copies of a run one finds the other here before it acts.
    static let turns = #"""
        # Session $bs_me of run $1 comes after session $bs_since, which is empty for the first; $bs_last is who came last.
        bs_turn() {
          bs_last=; [ -n "$bs_me" ] || return 0
          if [ "$bs_mine" = "$bs_root/$1 $bs_me" ] && [ ! -h "$bs_root/$1/.after.$bs_me" ]; then bs_last=$bs_me; return 0; fi
          n=0
          while [ $n -lt 1000 ]; do
            n=$((n+1)); set -- "$1" "$bs_root/$1/.after.${bs_last:-$bs_first}"
            if [ -h "$2" ]; then
              w=$(bs_link "$2")
              case $w in *[!0-9a-f]*) break;; ?*) bs_last=$w;; *) rm -f "$2";; esac
            elif [ "$bs_last" = "$bs_me" ]; then bs_mine="$bs_root/$1 $bs_me"; return 0
            elif [ "$bs_last" != "$bs_since" ]; then return 0
            else ln -s "$bs_me" "$2" 2>/dev/null || [ -h "$2" ] || { bs_none "the run can't take its turn; is the disk full?"; return 1; }
            fi
          done
          bs_none "who carries the run on can't be read in $bs_root/$1"
          return 1
        }
        # Whether another session came after session $2 of run $1.
        bs_passed() { [ "$2" != - ] && [ -h "$bs_root/$1/.after.$2" ]; }
        """#
}

/// Whose turn it is to carry a run on, as one session of it sees that.
package struct Turn: Hashable, Sendable {
    /// The session that arrives: hex digits.
    package var session: String
    /// The session after which it comes on this host; empty for the first.
    package var after: String
    /// The run's mark.
    package var mark: String

    package init(session: String, after: String, mark: String) {
        self.session = session
        self.after = after
        self.mark = mark
    }
}
