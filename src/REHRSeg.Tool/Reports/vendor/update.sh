#!/usr/bin/env bash
# Fetches the distribution file of NiiVue that the report's viewer embeds, and the licences of what is bundled in it. Needs npm.
# To move to another version: change the three values below, run, look at the report, commit.
set -euo pipefail
version=0.69.0
integrity=sha512-YMjQvJgD1W2b7DuoxkwlC4VxbrgIePRJ5qyQzXKxi2v2MBVg285P/CIQyg46oDDGDIcaNlbd+MhtO/edMbXJkA==
sha256=47b896b77ec4a5be3ef1949c33ad393b6f45629921f326c279000bcf51bdb4af
# As resolved by NiiVue's own dependency ranges. NiiVue, Roboto (its font) and the C libraries inside numcodecs come without a licence file: theirs are kept here by hand.
bundled=(@lukeed/uuid@2.0.1 @ungap/structured-clone@1.4.0 array-equal@1.0.2 fflate@0.8.3 gl-matrix@3.4.4 nifti-reader-js@0.8.0 zarrita@0.5.4 @zarrita/storage@0.1.4 numcodecs@0.3.2)

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

archive=$(npm pack --silent "@niivue/niivue@$version")
actual=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w0)
[ "$actual" = "$integrity" ] || { echo "$archive is $actual, not $integrity." >&2; exit 1; }
tar -xzf "$archive" package/dist/niivue.umd.js
echo "$sha256  package/dist/niivue.umd.js" | sha256sum --check --quiet
cp package/dist/niivue.umd.js "$here/niivue.umd.js"

for package in "${bundled[@]}"; do
    archive=$(npm pack --silent "$package")
    licence=$(tar -tzf "$archive" | grep -iE '^package/licen[cs]e(\.md|\.txt)?$')
    name=${package#@}
    name=${name%@*}
    tar -xzOf "$archive" "$licence" > "$here/licenses/${name//\//-}.txt"
done
echo "@niivue/niivue $version: $(wc -c < "$here/niivue.umd.js") bytes, $(ls "$here/licenses" | wc -l) licences."
