using static Hud.Profiling.Advice.Causes;
using static Hud.Profiling.Advice.SyscallGroup;

namespace Hud.Profiling.Advice;

/// <summary>Every piece of advice Hud gives, the most specific first: the first row that matches is taken. A lookup of a name
/// opens files and sockets, a print waits for a lock and writes: what the code asked for stands above what it does.</summary>
internal static class AdviceTable
{
    public static readonly AdviceRow[] Rows =
    [
        // not the code's fault
        new("CpuQuota", Throttled, [], [],
            "The container used up its CPU quota and was stopped by the kernel, in whatever code it was. Raise the CPU limit, remove it, or start fewer worker threads than the limit allows (TOKIO_WORKER_THREADS).",
            "cpu-pressure"),
        new("CpuPressure", RunQueue, [], [],
            "The thread was ready to run but other work had the CPU. Raise the CPU request, move the neighbour, or start fewer worker threads; the code shown here is not at fault.",
            "cpu-pressure"),

        // both end in the same park as block_on, so they are asked first
        new("Channel", Asleep,
            [
                "std::sync::mpsc::*", "std::sync::mpmc::*", "crossbeam_channel::*", "flume::*", "kanal::*", "async_channel::*", "*::Receiver::blocking_recv", "*::Sender::blocking_send",
                "*::Receiver::recv_timeout", "tokio::sync::mpsc::bounded::Receiver::blocking_*", "tokio::sync::mpsc::bounded::Sender::blocking_*", "tokio::sync::oneshot::Receiver::blocking_recv",
            ],
            [],
            "A channel made for threads is waited on inside a task. Use tokio::sync::mpsc (or oneshot, watch) and await it.",
            "channels"),

        new("Lock", Asleep,
            ["tokio::sync::mutex::Mutex::blocking_*", "tokio::sync::rwlock::RwLock::blocking_*", "tokio::sync::batch_semaphore::*"],
            [],
            "A Tokio lock is taken with its blocking method inside a task. Use lock().await.",
            "locks"),

        // a future driven to its end inside a task
        new("BlockOn", InCode,
            [
                "tokio::runtime::runtime::Runtime::block_on", "tokio::runtime::handle::Handle::block_on", "tokio::task::local::LocalSet::block_on",
                "tokio::runtime::context::blocking::BlockingRegionGuard::*", "tokio::runtime::park::CachedParkThread::block_on",
                "futures_executor::local_pool::*", "futures_lite::future::block_on", "pollster::*", "async_io::driver::block_on",
                "async_std::task::block_on::*", "smol::block_on", "reqwest::blocking::*", "postgres::*", "*::block_on",
            ],
            [],
            "A future is driven to its end inside a task (block_on, or a client that hides one), so the worker can run nothing else and may deadlock. Await the future, or use the client's async version.",
            "block-on"),

        new("Dns", InCode,
            [
                "getaddrinfo", "__getaddrinfo", "gethostbyname*", "getnameinfo", "gaih_inet*", "__res_*", "res_search", "send_dg", "_nss_dns*", "_nss_files_gethost*",
                "std::net::socket_addr::ToSocketAddrs::*", "*::ToSocketAddrs::to_socket_addrs", "std::sys_common::net::LookupHost::*",
                "std::sys::net::connection::socket::LookupHost::*", "std::sys::net::connection::socket::lookup_host*", "*::lookup_host",
                "dns_lookup::*",
            ],
            [],
            "A host name is looked up synchronously, and a slow resolver stops the worker. Use tokio::net::lookup_host, or a resolver that is async and caches (hickory-resolver).",
            "dns"),

        new("Process", InCode,
            [
                "std::process::*", "std::sys::pal::unix::process::*", "std::sys::process::*", "std::sys::unix::process::*",
                "posix_spawn*", "__posix_spawn*", "waitpid", "fork", "system", "popen", "duct::*", "subprocess::*",
            ],
            [Wait, SyscallGroup.Process],
            "A child process is started or waited for synchronously. Use tokio::process::Command and await its output.",
            "processes"),

        new("Stdout", InCode,
            [
                "std::io::stdio::*", "_print", "_eprint", "std::io::stdio::_print", "*::Stdout::write*", "*::StdoutLock::write*", "*::Stderr::write*",
                "env_logger::*", "tracing_subscriber::fmt::*", "slog_term::*", "simple_logger::*", "fern::*", "log4rs::*", "puts", "printf", "vprintf",
            ],
            [],
            "Printing takes a process-wide lock and waits for whoever reads the pipe. Log through a non-blocking writer (tracing_appender::non_blocking), and print less per request.",
            "stdout"),

        new("Sleep", Asleep,
            ["std::thread::sleep*", "std::thread::functions::sleep*", "*::Thread::sleep", "sleep", "usleep", "nanosleep", "__nanosleep", "thread_sleep"],
            [SyscallGroup.Sleep],
            "The thread sleeps, and with it every task waiting for this worker. Use tokio::time::sleep(...).await.",
            "sleep"),

        // computing
        new("Crypto", OnCpu,
            [
                "bcrypt::*", "argon2::*", "scrypt::*", "pbkdf2::*", "blowfish::*", "ring::*", "sha1::*", "sha2::*", "sha3::*", "md5::*", "md_5::*", "blake2::*", "blake3::*", "hmac::*", "digest::*",
                "rsa::*", "ecdsa::*", "ed25519*", "curve25519_dalek::*", "x25519_dalek::*", "p256::*", "p384::*", "k256::*", "elliptic_curve::*", "crypto_bigint::*", "num_bigint_dig::*",
                "aes::*", "aes_gcm::*", "chacha20*", "poly1305::*", "ghash::*", "polyval::*", "rustls::*", "webpki::*", "jsonwebtoken::*", "password_hash::*", "sodiumoxide::*", "orion::*", "openssl::*", "native_tls::*", "boring::*", "aws_lc*",
                "EVP_*", "SSL_*", "RSA_*", "BN_*", "EC_*", "SHA1_*", "SHA256_*", "SHA512_*", "AES_*", "bn_*", "ecp_*", "aesni_*", "sha256_block*", "sha512_block*", "crypto_*", "GFp_*", "ring_core_*", "aws_lc_*",
            ],
            [],
            "Cryptography holds the worker (password hashing is slow on purpose). Move it to tokio::task::spawn_blocking, with a semaphore to bound how many run at once.",
            "crypto"),

        new("Compression", OnCpu,
            [
                "flate2::*", "miniz_oxide::*", "libz_sys::*", "zlib_rs::*", "zstd::*", "zstd_safe::*", "zstd_sys::*", "brotli::*", "brotli_decompressor::*", "lz4::*", "lz4_flex::*", "lz4_sys::*", "snap::*",
                "xz2::*", "lzma_rs::*", "lzma_sys::*", "liblzma::*", "bzip2::*", "bzip2_rs::*", "zip::*", "async_compression::*", "libdeflater::*",
                "deflate*", "inflate*", "compress2", "uncompress*", "crc32*", "adler32*", "longest_match*", "ZSTD_*", "HUF_*", "FSE_*", "LZ4_*", "LZ4F_*", "Brotli*", "BZ2_*", "lzma_*", "libdeflate_*",
            ],
            [],
            "Compressing or decompressing a large buffer holds the worker. Work in chunks with an await between them, or move the whole of it to tokio::task::spawn_blocking.",
            "compression"),

        new("Serialization", OnCpu,
            [
                "serde_json::*", "serde::*", "serde_core::*", "serde_yaml::*", "serde_urlencoded::*", "simd_json::*", "sonic_rs::*", "bincode::*", "postcard::*", "rmp::*", "rmp_serde::*", "ciborium::*", "serde_cbor::*",
                "toml::*", "toml_edit::*", "ron::*", "csv::*", "csv_core::*", "quick_xml::*", "roxmltree::*", "xml::*", "prost::*", "protobuf::*", "flatbuffers::*", "capnp::*", "bson::*", "rkyv::*", "borsh::*", "apache_avro::*",
                "*::Serialize::serialize", "*::Deserialize::deserialize",
            ],
            [],
            "One large document is read or written in a single poll. Stream it, bound its size, or parse it in tokio::task::spawn_blocking.",
            "serialization", Wide: true),

        new("Regex", OnCpu,
            ["regex::*", "regex_automata::*", "regex_syntax::*", "fancy_regex::*", "aho_corasick::*", "pcre2::*", "onig::*", "pcre2_match*", "onig_*"],
            [],
            "A regular expression is compiled or searched over a large input. Compile it once (LazyLock), bound the input, or move the search to tokio::task::spawn_blocking.",
            "regex", Wide: true),

        // waiting for another thread
        new("Lock", Asleep,
            [
                "std::sync::mutex::*", "std::sync::poison::mutex::*", "std::sync::rwlock::*", "std::sync::poison::rwlock::*", "std::sync::condvar::*", "std::sync::poison::condvar::*", "std::sync::barrier::*",
                "std::sync::once::*", "std::sync::once_lock::*", "std::sync::lazy_lock::*", "std::sync::poison::once::*",
                "std::sys::sync::mutex::*", "std::sys::sync::rwlock::*", "std::sys::sync::condvar::*", "std::sys::sync::once::*", "std::sys::unix::locks::*", "std::sys::pal::unix::locks::*", "std::sys_common::mutex::*", "std::sys_common::remutex::*",
                "parking_lot::*", "parking_lot_core::*", "lock_api::*", "dashmap::*", "once_cell::*", "lazy_static::*",
                "pthread_mutex_*", "__pthread_mutex_*", "pthread_rwlock_*", "__pthread_rwlock_*", "pthread_cond_*", "__lll_lock_wait*", "___pthread_mutex_lock", "pthread_barrier_wait", "sem_wait",
            ],
            [],
            "A lock made for threads is waited for inside a task; the holder's stack, when it was seen, shows who had it. Hold it for less time and never across slow work, split the data, or use tokio::sync::Mutex where it must be held across an await.",
            "locks"),

        new("SpinLock", OnCpu,
            ["spin::*", "*::lock_contended", "*::lock_slow", "*::SpinWait::spin*", "crossbeam_utils::backoff::*", "parking_lot_core::spinwait::*", "pthread_spin_lock"],
            [],
            "The code spins for a lock that another thread holds. Hold it for less time, or use a lock that sleeps, outside of tasks.",
            "locks"),

        new("LockWait", Asleep, ["std::thread::park*", "std::thread::functions::park*", "std::thread::Thread::park*", "std::sys::sync::thread_parking::*"], [Futex],
            "The thread waits for another thread (futex). Find what it waits for in the stack: locks belong around short work only, and waiting for a thread belongs in tokio::task::spawn_blocking.",
            "locks"),

        new("Database", Asleep,
            ["rusqlite::*", "libsqlite3_sys::*", "sqlite3_*", "diesel::*", "rocksdb::*", "rocksdb_*", "sled::*", "redb::*", "heed::*", "lmdb::*", "mysql::*", "r2d2::*", "mdb_*", "PQexec*"],
            [],
            "A synchronous database client waits inside the poll. Wrap it in tokio::task::spawn_blocking (deadpool does that), or use an async client.",
            "databases"),

        new("NetworkIo", Asleep,
            [
                "std::net::*", "std::sys::net::*", "std::sys_common::net::*", "std::os::unix::net::*", "ureq::*", "curl::*", "curl_easy_perform", "attohttpc::*", "minreq::*", "native_tls::imp::*", "lettre::transport::smtp::client::net::*",
                "connect", "__connect", "recv", "__recv", "recvfrom", "send", "__send", "sendto", "accept",
            ],
            [Network],
            "A socket is used synchronously: a slow peer stops the worker. Use tokio::net, an async client, or tokio::task::spawn_blocking.",
            "network"),

        new("FileSync", Asleep,
            ["std::fs::File::sync_all", "std::fs::File::sync_data", "fsync", "fdatasync", "sync_all", "msync"],
            [FileSync],
            "Waiting for the disk (fsync) inside a poll. Do it in tokio::task::spawn_blocking, and less often: one sync for several writes.",
            "files"),

        new("FileLock", Asleep, ["fs2::*", "fs4::*", "fd_lock::*", "flock", "lockf", "std::fs::File::lock*"], [SyscallGroup.FileLock],
            "A file lock held by another process is waited for. Take it in tokio::task::spawn_blocking, with a timeout.",
            "files"),

        new("File", InCode,
            [
                "std::fs::*", "std::sys::fs::*", "std::sys::unix::fs::*", "std::sys::pal::unix::fs::*", "*::File::read*", "*::File::write*", "fs_err::*", "tempfile::*", "walkdir::*", "ignore::walk::*", "glob::*", "memmap2::*",
                "fopen", "fread", "fwrite", "opendir", "readdir*", "open64", "__open64*",
            ],
            [FileIo, FileMeta],
            "A file is used synchronously: a slow disk or network file system stops the worker. Use tokio::fs, or tokio::task::spawn_blocking around the whole of the work.",
            "files"),

        new("SyncPoll", Asleep, ["*::Poll::poll", "poll", "__poll", "select", "epoll_wait"], [Poll],
            "A library waits for file descriptors with its own poll loop inside the task. Register them with tokio (AsyncFd), use the library's async interface, or move it to tokio::task::spawn_blocking.",
            "network"),

        // memory
        new("Memory", InCode,
            [
                "malloc_consolidate", "sysmalloc", "systrim*", "_int_malloc", "_int_free*", "unlink_chunk*", "__libc_malloc", "__libc_calloc", "__libc_realloc", "malloc", "free", "calloc", "realloc", "cfree",
                "mmap", "munmap", "mremap", "madvise", "mmap64", "__mmap*", "__munmap",
                "tikv_jemalloc*", "jemalloc_sys::*", "_rjem_*", "je_*", "mi_*", "_mi_*", "mimalloc::*", "__rust_alloc*", "__rdl_alloc*", "__rust_realloc*", "__rustc::__rust_alloc*", "__rustc::__rust_realloc*", "alloc::raw_vec::*",
                "__memmove_*", "__memcpy_*", "__memset_*", "memcpy", "memmove", "memset", "clear_page*", "clear_huge_page", "do_anonymous_page", "handle_mm_fault", "do_user_addr_fault", "mmap_read_lock*", "down_read*", "rwsem_down_*", "exit_mmap",
            ],
            [SyscallGroup.Memory],
            "Memory is allocated, copied or given back in large pieces, or the kernel's memory lock is contended. Reuse buffers, allocate in smaller pieces, and try another allocator (jemalloc, mimalloc).",
            "memory"),
        new("Drop", OnCpu, ["core::ptr::drop_in_place", "core::ptr::drop_glue", "*::Drop::drop"], [],
            "A large structure is freed inside the poll. Send it to a thread that drops it, or free it in pieces.",
            "memory"),

        // what is left
        new("Cpu", OnCpu, [], [],
            "The code computes for too long without an await. Move it to tokio::task::spawn_blocking or rayon, or work in chunks with tokio::task::yield_now().await between them.",
            "cpu"),
        new("Blocking", Asleep, [], [],
            "The thread sleeps inside the poll, in a system call or until memory is read from disk. Use the async counterpart, or move the call to tokio::task::spawn_blocking.",
            "blocking"),
    ];
}
