#!/usr/bin/env bash
# Makes a signed apt repository, and a signed rpm repository where there are .rpms, out of the packages in DIST: the folder OUT, to be put on any web
# server. It needs apt-utils, createrepo-c and gpg.
#   repository.sh DIST OUT KEY [URL]   KEY is the id of a secret key of gpg's, URL where OUT will be
set -euo pipefail
[ $# -ge 3 ] || { echo "repository.sh DIST OUT KEY [URL]" >&2; exit 2; }
dist=$(realpath "$1") key=$3 url=${4:-https://packages.example.com/offhook}
mkdir -p "$2"
out=$(realpath "$2")
rm -rf "$out"/{apt,rpm}
gpg --batch --yes --armor --output "$out/offhook.asc" --export "$key"

mkdir -p "$out/apt/pool" "$out/apt/dists/stable"
for deb in "$dist"/offhook*.deb; do # by the name that tells apt-ftparchive the architecture
  cp "$deb" "$out/apt/pool/$(dpkg-deb -f "$deb" Package)_$(dpkg-deb -f "$deb" Version)_$(dpkg-deb -f "$deb" Architecture).deb"
done
cd "$out/apt"
for arch in $(for deb in pool/*.deb; do dpkg-deb -f "$deb" Architecture; done | sort -u); do
  mkdir -p "dists/stable/main/binary-$arch"
  apt-ftparchive --arch "$arch" packages pool >"dists/stable/main/binary-$arch/Packages"
  gzip -9nk "dists/stable/main/binary-$arch/Packages"
done
apt-ftparchive -o APT::FTPArchive::Release::Origin=Offhook -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
  -o APT::FTPArchive::Release::Components=main -o "APT::FTPArchive::Release::Architectures=$(find dists/stable/main -name 'binary-*' -printf '%f ' | sed 's/binary-//g')" \
  release dists/stable >"$out/Release"
mv "$out/Release" dists/stable/Release
gpg --batch --yes --local-user "$key" --clearsign --output dists/stable/InRelease dists/stable/Release
cat >"$out/offhook.sources" <<SOURCES
Types: deb
URIs: $url/apt
Suites: stable
Components: main
Signed-By: /etc/apt/keyrings/offhook.asc
SOURCES

rpms=("$dist"/offhook*.rpm)
[ -f "${rpms[0]}" ] || exit 0
mkdir -p "$out/rpm"
cp "${rpms[@]}" "$out/rpm/"
createrepo_c --quiet "$out/rpm"
gpg --batch --yes --local-user "$key" --armor --detach-sign "$out/rpm/repodata/repomd.xml"
cat >"$out/offhook.repo" <<REPO
[offhook]
name=Offhook
baseurl=$url/rpm
repo_gpgcheck=1
gpgcheck=0
gpgkey=$url/offhook.asc
REPO
