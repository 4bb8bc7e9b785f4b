# Rust packages built without the internet, once per Tokio version. Source it after lib.sh.

# package_for SOURCE TOKIO: a folder for cargo. It keeps its lock file beside the manifest, and the versions differ.
package_for() {
  local package="$hud_root/out/build/$(basename "$1")/$2"
  mkdir -p "$package"
  ln -sfn "$1/src" "$package/src"
  cmp -s "$1/Cargo.toml" "$package/Cargo.toml" || cp "$1/Cargo.toml" "$package/Cargo.toml"
  echo "$package"
}

# cargo_with SOURCE TOKIO TARGET-FOLDER RUSTFLAGS COMMAND ARGS...
cargo_with() {
  local source="$1" tokio="$2" target="$3" flags="$4" command="$5" crates="$hud_cache/crates/$2" package; shift 5
  package="$(package_for "$source" "$tokio")"
  # Crates appear under the path that Debian's own builds would show, wherever the cache is.
  RUSTFLAGS="--remap-path-prefix=$crates=/usr/share/cargo/registry $flags" CARGO_TARGET_DIR="$package/$target" \
  cargo --config 'source.crates-io.replace-with="hud"' --config "source.hud.directory=\"$crates\"" \
    "$command" --manifest-path "$package/Cargo.toml" --offline --quiet "$@"
}

# rust_ready TOKIO: a compiler and the crates of that Tokio version are there.
rust_ready() {
  have cargo || "$hud_root/scripts/install.sh" rust
  [ -d "$hud_cache/crates/$1" ] || "$hud_root/scripts/crates.sh" "$1"
}
