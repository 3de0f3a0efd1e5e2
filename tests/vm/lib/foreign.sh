# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Programs of others that speak /dev/crypto: OpenSSL with its devcrypto engine, GnuTLS with its
# cryptodev back end. Debian has both, but built without: here they are built from Debian's source
# packages, with our include/cryptodev.h in the place of the reference's <crypto/cryptodev.h>.
#
# The cache holds foreign/PACKAGE-VERSION/, ready to be given to a guest; the build trees are removed.
# Functions get the directory to fill and the source tree's version.

# foreign_get openssl|gnutls: prints the directory.
foreign_get() {
	local package=$1 suite version key
	if [[ $package == gnutls ]]; then
		package=gnutls28
	fi
	suite=$(apt_own_suite)
	version=$(foreign_version "$suite" "$package")
	key=foreign/$1-${version//[:~]/.}
	cache_make "$key" "$1 $version with /dev/crypto (3 to 5 minutes)" \
		foreign_fill "$1" "$package" "$suite" "$version"
	printf '%s\n' "$(cache_dir)/$key"
}

# The version whose files are there: an archive may list a security update before it has it.
foreign_version() {
	local version
	source_apt_setup "$1"
	while read -r version; do
		if (cd "$RUN_DIR" && apt_run "$1-source" apt-get -qq --print-uris source \
			"$2=$version" | sed "s/^'\([^']*\.dsc\)'.*/\1/p; d" | foreign_there); then
			printf '%s\n' "$version"
			return
		fi
	done < <(apt_run "$1-source" apt-cache showsrc --only-source "$2" | sed -n 's/^Version: //p' |
		sort -Vru)
	die "no source package $2 in $1 can be fetched"
}

# foreign_there: whether the address that comes in can be fetched, by apt's own downloader.
foreign_there() {
	local address
	read -r address || return 1
	/usr/lib/apt/apt-helper download-file "$address" "$RUN_DIR/there" >/dev/null 2>&1
}

foreign_fill() {
	local dir=$1 what=$2 package=$3 suite=$4 version=$5 source=$RUN_DIR/$2
	source_unpack "$suite" "$version" "$source" "$package"
	mkdir -p "$RUN_DIR/include/crypto"
	cp "$REPO_DIR/include/cryptodev.h" "$RUN_DIR/include/crypto/"
	printf '%s\n' "$version" >"$dir/version"
	"foreign_build_$what" "$source" "$RUN_DIR/include" >"$RUN_DIR/$what.log" 2>&1 || {
		tail -n 40 "$RUN_DIR/$what.log" >&2
		die "$what could not be built (its messages are above); remedy: packaging/deps interop"
	}
	"foreign_collect_$what" "$source" "$dir" || die "$what: a file is missing after its build"
	rm -rf "$source"
}

foreign_cc() {
	if command -v ccache >/dev/null; then
		echo "ccache gcc"
	else
		echo gcc
	fi
}

foreign_build_openssl() {
	cd "$1" &&
		./Configure linux-x86_64 --prefix=/usr no-afalgeng no-fips enable-devcryptoeng "-I$2" &&
		make -j"$(nproc)" CC="$(foreign_cc)" build_generated libcrypto.so libssl.so engines/devcrypto.so \
			providers/legacy.so apps/openssl test/evp_test
}

foreign_collect_openssl() {
	cp "$1/apps/openssl" "$1/libcrypto.so.3" "$1/libssl.so.3" "$1/engines/devcrypto.so" \
		"$1/providers/legacy.so" "$1/test/evp_test" "$2" &&
		mkdir "$2/data" &&
		cp "$1/test/recipes/30-test_evp_data/"evp{ciph_aes,ciph_des,ciph_bf,ciph_camellia,md_}*.txt "$2/data"
}

# Debian's patches add files to what the generated files are made of, so these are made again.
foreign_build_gnutls() {
	cd "$1" && autoreconf && mkdir b && cd b &&
		../configure CC="$(foreign_cc)" CFLAGS=-O2 CPPFLAGS="-I$2" --enable-cryptodev --disable-doc --disable-guile \
			--disable-cxx --disable-libdane --disable-nls --disable-static --enable-shared \
			--without-p11-kit --with-included-libtasn1 --with-included-unistring --without-idn \
			--without-brotli --without-zstd --without-zlib --without-tpm --without-tpm2 &&
		make -j"$(nproc)" -C gl && make -j"$(nproc)" -C lib && make -j"$(nproc)" -C src/gl &&
		make -j"$(nproc)" -C src gnutls-cli &&
		gcc -O2 -Wall -o gnutls-selftest "$VM_DIR/foreign/gnutls-selftest.c" -Ilib/includes \
			-I../lib/includes lib/.libs/libgnutls.so.30 -lnettle -lhogweed -lgmp
}

foreign_collect_gnutls() {
	cp "$1/b/lib/.libs/libgnutls.so.30" "$1/b/src/.libs/gnutls-cli" "$1/b/gnutls-selftest" "$2"
}
