using System.Collections.Frozen;
using Hud.Core.Profile;

namespace Hud.Frames;

/// <summary>Crates by name, for binaries without line tables. With line tables the path decides and this list only
/// separates the runtime from other dependencies. Names as in paths: underscores.</summary>
internal static class KnownCrates
{
    private static readonly FrozenDictionary<string, FrameKind>.AlternateLookup<ReadOnlySpan<char>> Kinds = Table()
        .GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool TryKind(ReadOnlySpan<char> crate, out FrameKind kind)
    {
        if (Kinds.TryGetValue(crate, out kind))
        {
            return true;
        }

        foreach (var (prefix, kindOfPrefix) in Families)
        {
            if (crate.StartsWith(prefix))
            {
                kind = kindOfPrefix;
                return true;
            }
        }

        return false;
    }

    public static bool IsStd(ReadOnlySpan<char> crate) =>
        Kinds.TryGetValue(crate, out var kind) && kind == FrameKind.Std;

    /// <summary>Families whose members are too many to list.</summary>
    private static readonly (string Prefix, FrameKind Kind)[] Families =
    [
        ("futures_", FrameKind.Runtime),
        ("tokio_", FrameKind.Runtime),
        ("tower_", FrameKind.Runtime),
        ("hyper_", FrameKind.Runtime),
        ("axum_", FrameKind.Runtime),
        ("actix_", FrameKind.Runtime),
        ("async_std", FrameKind.Runtime),
        ("pin_project", FrameKind.Runtime),
        ("serde_", FrameKind.ThirdParty),
        ("tracing_", FrameKind.ThirdParty),
        ("opentelemetry", FrameKind.ThirdParty),
        ("aws_", FrameKind.ThirdParty),
        ("regex_", FrameKind.ThirdParty),
        ("sqlx_", FrameKind.ThirdParty),
        ("prost_", FrameKind.ThirdParty),
        ("rustls_", FrameKind.ThirdParty),
        ("crossbeam_", FrameKind.ThirdParty),
        ("parking_lot", FrameKind.ThirdParty),
        ("windows_", FrameKind.ThirdParty),
        ("hashbrown", FrameKind.Std),
        ("rustc_", FrameKind.Std),
        ("__rust", FrameKind.Std),
        ("opendal", FrameKind.ThirdParty),
        ("arrow_", FrameKind.ThirdParty),
        ("polars_", FrameKind.ThirdParty),
        ("wasmtime", FrameKind.ThirdParty),
        ("cranelift", FrameKind.ThirdParty),
        ("icu_", FrameKind.ThirdParty),
        ("rust_decimal", FrameKind.ThirdParty),
    ];

    private static FrozenDictionary<string, FrameKind> Table()
    {
        var table = new Dictionary<string, FrameKind>(StringComparer.Ordinal);
        void Add(FrameKind kind, string names)
        {
            foreach (var name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                table.Add(name, kind);
            }
        }

        Add(
            FrameKind.Std,
            "std core alloc test proc_macro std_detect compiler_builtins panic_unwind panic_abort backtrace_rs unwind"
        );
        Add(
            FrameKind.Runtime,
            "tokio mio hyper tower futures h2 h3 axum warp tonic actix rocket poem salvo async_executor async_io async_task async_global_executor "
                + "async_channel async_lock async_stream async_trait async_compat blocking smol monoio glommio polling event_listener pollster "
                + "want try_lock httparse http http_body http_body_util sync_wrapper matchit reqwest"
        );
        Add(
            FrameKind.ThirdParty,
            // data and text
            "serde simd_json sonic_rs bincode postcard rmp ciborium toml ron csv quick_xml roxmltree prost protobuf flatbuffers capnp bson rkyv borsh "
                + "itoa ryu dtoa lexical lexical_core minicbor base64 base64ct hex percent_encoding url form_urlencoded idna mime unicode_normalization "
                + "unicode_segmentation regex aho_corasick memchr bstr fancy_regex pcre2 nom winnow pest logos lalrpop_util askama tera handlebars minijinja "
                + "pulldown_cmark comrak scraper html5ever chrono time jiff uuid ulid rust_decimal num_bigint num_traits bytes smallvec arrayvec indexmap dashmap "
                + "slab either itertools once_cell lazy_static bitflags semver strsim fastrand rand rand_core rand_chacha getrandom ahash fxhash xxhash_rust twox_hash siphasher "
                +
                // crypto
                "ring rustls webpki openssl native_tls boring bcrypt argon2 scrypt pbkdf2 sha1 sha2 sha3 md5 md_5 blake2 blake3 hmac hkdf digest aes aes_gcm "
                + "chacha20 chacha20poly1305 poly1305 cipher ed25519 ed25519_dalek curve25519_dalek x25519_dalek p256 p384 k256 elliptic_curve ecdsa rsa signature "
                + "jsonwebtoken jose_jwk password_hash cmac subtle zeroize crypto_bigint pem der spki pkcs1 pkcs8 x509_parser orion sodiumoxide "
                +
                // compression and media
                "flate2 crc32fast adler adler2 simd_adler32 miniz_oxide libz_sys zlib_rs libz_rs_sys zstd zstd_safe zstd_sys brotli brotli_decompressor lz4 lz4_flex lzma_rs xz2 liblzma snap bzip2 async_compression "
                + "zip tar image png jpeg_decoder zune_jpeg gif webp resvg "
                +
                // stores and clients
                "sqlx diesel rusqlite libsqlite3_sys sea_orm sea_query postgres mysql mysql_common redis mongodb rdkafka lapin rocksdb librocksdb_sys sled redb lmdb heed "
                + "deadpool bb8 r2d2 elasticsearch tantivy ureq isahc curl attohttpc minreq lettre object_store "
                +
                // tools of services
                "tracing log env_logger fern slog log4rs flexi_logger metrics prometheus prometheus_client sentry anyhow eyre color_eyre thiserror clap "
                + "config figment notify walkdir ignore glob globset tempfile fs_err memmap2 rayon rayon_core crossbeam flume kanal parking spin arc_swap moka cached "
                + "lru nix rustix libc socket2 signal_hook which duct subprocess hickory_resolver hickory_proto trust_dns_resolver trust_dns_proto jemalloc_sys "
                + "tikv_jemallocator tikv_jemalloc_sys mimalloc libmimalloc_sys snmalloc_rs backtrace gimli addr2line object dlmalloc ndarray nalgebra polars arrow parquet "
                + "datafusion geo h3o ort candle_core tch mlua rhai boa_engine deno_core v8 pyo3 wasmer ffmpeg_next k8s_openapi kube git2 gix tikv_client"
        );
        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
