extension ReceiptScript {
    /// One site, one run: claims are links in `.claims`, named RUN~MARK~NONCE.
    static let claims = #"""
        # The claims of others than those whose names begin with one of $bs_beside and `~`: $bs_other says that there is one,
        # $bs_lower that it stands before $1. Each is told where $2 is not empty.
        bs_others() {
          bs_other=; bs_lower=; bs_seen=; bs_told=
          for k in "$bs_root/.claims/"*; do
            [ -h "$k" ] || [ -e "$k" ] || continue
            f=${k##*/}
            [ "$f" != "$1" ] || bs_seen=1
            for w in $bs_beside; do case $f in "$w~"*) continue 2;; esac; done
            bs_other=1; [ -n "$bs_seen" ] || bs_lower=1
            [ -n "$2" ] && [ "${#bs_told}" -lt 8 ] || continue
            bs_told=x$bs_told; l=; [ ! -h "$k" ] || l=$(bs_link "$k")
            echo "C $(printf %s "$f $l" | head -c 1500 | tr -cd 'A-Za-z0-9._@%~ -')"
          done
        }
        # Run $1 of mark $2 claims the host, with the words $3, beside the runs $4; the claims $5 are over. Their making
        # decides: of two that come at once the one whose name comes first waits until the other has stepped back.
        bs_site() {
          bs_beside="$1~$2"
          if [ -f "$bs_root/$1/.claim" ]; then for k in "$bs_root/.claims/$1~$2~"*; do [ ! -h "$k" ] || return 0; done; fi
          bs_make "$bs_top" "$bs_kept/.claims" || { bs_none "$w"; return 1; }
          for w in $5; do rm -f "$bs_root/.claims/$w~"*; done
          bs_beside="$bs_beside $4"; set -- "$1" "$1~$2~$nonce" "$3"
          bs_others '' yes; [ -z "$bs_other" ] || return 0
          ln -s "$3" "$bs_root/.claims/$2" 2>/dev/null || { bs_none "the run can't claim the host; is the disk full?"; return 1; }
          bs_others "$2" ''; n=0
          while [ -n "$bs_other" ] && [ -z "$bs_lower" ] && [ $n -lt 20 ]; do bs_nap 0.1; n=$((n+1)); bs_others "$2" ''; done
          if [ -n "$bs_other" ]; then bs_others "$2" yes; rm -f "$bs_root/.claims/$2"
          else { printf '' >"$bs_root/$1/.claim"; } 2>/dev/null || :; fi
        }
        # Run $1 of mark $2 is over.
        bs_leave() { bs_trust .claims >/dev/null && bs_trust "$1" >/dev/null || return 0; rm -f "$bs_root/.claims/$1~$2~"* "$bs_root/$1/.claim"; }
        """#
}
