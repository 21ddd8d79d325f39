#!/usr/bin/env bash
# make-deb.sh MONITORD FOLDER
#
# Packs a release binary and what belongs to it into FOLDER/monitord_VERSION_ARCHITECTURE.deb, without network and without
# root. The same inputs give the same bytes. DEB_COMPRESSION=gzip is quicker and larger.
set -euo pipefail
umask 022

binary=$(realpath "${1:?usage: make-deb.sh MONITORD FOLDER}")
folder=$(realpath -m "${2:?usage: make-deb.sh MONITORD FOLDER}")
cd "$(dirname "$0")/.."

version=$(sed -n '1s/.*(\(.*\)).*/\1/p' packaging/debian/changelog)
if [ "${version%-*}" != "$("$binary" --version)" ]; then
    echo "make-deb: the binary is $("$binary" --version), packaging/debian/changelog begins with $version" >&2
    exit 1
fi
architecture=$(dpkg --print-architecture)
# Times in the package are the changelog's.
SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -1)" +%s)
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
put() { install -D -m "$1" "$2" "$root/$3"; }

put 755 "$binary" usr/bin/monitord
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/monitord"
bytes=$(stat -c %s "$root/usr/bin/monitord")
if [ "$bytes" -gt 25000000 ]; then
    echo "make-deb: the stripped program has $bytes bytes, more than 25000000" >&2
    exit 1
fi
put 644 systemd/monitord.service lib/systemd/system/monitord.service
put 644 systemd/monitord.socket lib/systemd/system/monitord.socket
put 644 systemd/monitord.sysusers usr/lib/sysusers.d/monitord.conf
put 644 systemd/monitord.catalog usr/lib/systemd/catalog/monitord.catalog
put 644 etc/monitord/monitord.toml etc/monitord/monitord.toml
mkdir -p "$root/etc/monitord/conf.d"
documents=usr/share/doc/monitord
for file in README.md docs/*.md; do put 644 "$file" "$documents/$(basename "$file")"; done
for file in systemd/examples/*.conf; do put 644 "$file" "$documents/examples/$(basename "$file")"; done
put 644 packaging/debian/copyright "$documents/copyright"
put 644 packaging/debian/changelog "$documents/changelog.Debian"
gzip -9n "$root/$documents/changelog.Debian"
put 644 packaging/debian/lintian-overrides usr/share/lintian/overrides/monitord
# The folders are those that the shells of Debian look into.
bash scripts/make-shared.sh "$binary" "$root/usr/share" vendor

# dpkg-shlibdeps wants to be in a source package.
mkdir "$work/debian"
printf 'Source: monitord\n\nPackage: monitord\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O "$root/usr/bin/monitord" 2>/dev/null | sed 's/^shlibs:Depends=//')
# Relocations as a bitmap are no symbol, and dpkg-shlibdeps looks at nothing else: glibc reads them from 2.36 on.
if [[ $(readelf -V "$root/usr/bin/monitord") == *GLIBC_ABI_DT_RELR* ]]; then depends="$depends, libc6 (>= 2.36)"; fi

for script in postinst prerm postrm; do put 755 packaging/debian/$script DEBIAN/$script; done
echo /etc/monitord/monitord.toml >"$root/DEBIAN/conffiles"
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" \
    -e "s/@DEPENDS@/$depends/" packaging/debian/control >"$root/DEBIAN/control"
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$folder"
package=$folder/monitord_${version}_$architecture.deb
dpkg-deb --root-owner-group -Z"${DEB_COMPRESSION:-xz}" -z6 --build "$root" "$package" >/dev/null
echo "$package: $(stat -c %s "$package") bytes, the binary in it $(stat -c %s "$root/usr/bin/monitord")"
