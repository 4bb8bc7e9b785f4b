using Hud.Core.Profile;

namespace Hud.Frames;

/// <summary>Whose code a source file is, from where cargo and rustc keep sources.</summary>
public static class SourcePath
{
    /// <summary>Unknown when the path does not say.</summary>
    public static FrameKind KindOf(string path, out string crate)
    {
        crate = "";
        if (IsStd(path))
        {
            return FrameKind.Std;
        }

        if (TryDependency(path, out crate))
        {
            return KnownCrates.TryKind(crate, out var kind) && kind == FrameKind.Runtime
                ? FrameKind.Runtime
                : FrameKind.ThirdParty;
        }

        if (path.EndsWith(".rs", StringComparison.Ordinal))
        {
            return FrameKind.User;
        }

        return IsNativeSource(path) ? FrameKind.Native : FrameKind.Unknown;
    }

    /// <summary>Short enough to read and long enough to find: a user's file from the folder it was compiled in
    /// (<c>src/login.rs</c>), a dependency's from its package (<c>tokio-1.43.0/src/fs/read.rs</c>), std's from <c>library/</c>.</summary>
    public static string Shown(string path, string directory)
    {
        if (IsStd(path))
        {
            var library = path.IndexOf("/library/", StringComparison.Ordinal);
            return library >= 0 ? path[(library + 1)..] : path;
        }

        foreach (
            var (marker, skip) in (ReadOnlySpan<(string, int)>)
                [("/registry/src/", 1), ("/git/checkouts/", 0), ("/cargo/registry/", 0)]
        )
        {
            var at = path.IndexOf(marker, StringComparison.Ordinal);
            if (at >= 0)
            {
                var rest = path[(at + marker.Length)..];
                return skip == 1 ? rest[(rest.IndexOf('/') + 1)..] : rest;
            }
        }

        return
            directory.Length > 1
            && path.Length > directory.Length
            && path[directory.Length] == '/'
            && path.StartsWith(directory, StringComparison.Ordinal)
            ? path[(directory.Length + 1)..]
            : path;
    }

    private static bool IsStd(string path)
    {
        // rustc maps its own tree to /rustc/<commit>/ (or <version>, when built from a distribution's package); with the
        // rust-src component the paths point into the toolchain, and what std itself depends on is under /rust/deps
        if (
            path.Contains("/rustlib/src/rust/", StringComparison.Ordinal)
            || path.StartsWith("/rust/deps/", StringComparison.Ordinal)
        )
        {
            return true;
        }

        var at = path.IndexOf("/rustc/", StringComparison.Ordinal);
        if (at >= 0)
        {
            var rest = path.AsSpan(at + 7);
            var end = rest.IndexOf('/');
            var commit = end < 0 ? rest : rest[..end];
            if (
                (commit.Length == 40 && !commit.ContainsAnyExcept("0123456789abcdef"))
                || (!commit.IsEmpty && char.IsAsciiDigit(commit[0]))
            )
            {
                return true;
            }
        }

        return path.StartsWith("library/", StringComparison.Ordinal)
            && (ReadOnlySpan<string>)
                [
                    "std",
                    "core",
                    "alloc",
                    "panic_unwind",
                    "test",
                    "proc_macro",
                    "backtrace",
                    "portable-simd",
                    "stdarch",
                    "compiler-builtins",
                ]
                is var libs
            && libs.Contains(path.Split('/', 3)[1]);
    }

    private static bool TryDependency(string path, out string crate)
    {
        // ~/.cargo/registry/src/INDEX-6f17d22bba15001f/tokio-1.43.0/src/lib.rs
        // ~/.cargo/git/checkouts/tokio-377c595163f99a10/4c8f3ba/tokio/src/lib.rs
        // /usr/share/cargo/registry/tokio-1.24.2/src/lib.rs, vendor/tokio/src/lib.rs, tokio-1.43.0/src/lib.rs (trimmed paths)
        if (
            After(path, "/registry/src/", skip: 1, out crate)
            || After(path, "/git/checkouts/", skip: 0, out crate)
            || After(path, "/cargo/registry/", skip: 0, out crate)
        )
        {
            return true;
        }

        var vendor = path.StartsWith("vendor/", StringComparison.Ordinal)
            ? 0
            : path.IndexOf("/vendor/", StringComparison.Ordinal);
        if (vendor >= 0 && !path.AsSpan(0, vendor).EndsWith("/src") && !path.AsSpan(0, vendor).SequenceEqual("src"))
        {
            var rest = path.AsSpan(path.IndexOf("vendor/", vendor, StringComparison.Ordinal) + 7);
            var end = rest.IndexOf('/');
            if (end > 0)
            {
                crate = CrateOf(rest[..end]);
                return true;
            }
        }

        var slash = path.IndexOf('/');
        if (slash > 0 && VersionAt(path.AsSpan(0, slash)) > 0)
        {
            crate = CrateOf(path.AsSpan(0, slash));
            return true;
        }

        return false;
    }

    private static bool After(string path, string marker, int skip, out string crate)
    {
        crate = "";
        var at = path.IndexOf(marker, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        var rest = path.AsSpan(at + marker.Length);
        for (var i = 0; i < skip; i++)
        {
            rest = rest[(rest.IndexOf('/') + 1)..];
        }

        var end = rest.IndexOf('/');
        if (end <= 0)
        {
            return false;
        }

        crate = CrateOf(rest[..end]);
        return true;
    }

    /// <summary><c>tokio-util-0.7.10+deprecated</c> -> <c>tokio_util</c></summary>
    public static string CrateOf(ReadOnlySpan<char> folder)
    {
        var version = VersionAt(folder);
        if (
            version <= 0
            && folder.LastIndexOf('-') is > 0 and var hash
            && folder[(hash + 1)..] is { Length: 16 } tail
            && !tail.ContainsAnyExcept("0123456789abcdef")
        )
        {
            version = hash; // a git checkout: name-<hash of the address>
        }

        return (version > 0 ? folder[..version] : folder).ToString().Replace('-', '_');
    }

    /// <summary>Where <c>-1.43.0</c> starts, or -1.</summary>
    private static int VersionAt(ReadOnlySpan<char> folder)
    {
        for (var i = 1; i + 3 < folder.Length; i++)
        {
            if (folder[i] != '-' || !char.IsAsciiDigit(folder[i + 1]))
            {
                continue;
            }

            var digits = folder[(i + 1)..].IndexOfAnyExceptInRange('0', '9');
            if (digits > 0 && folder[i + 1 + digits] == '.')
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsNativeSource(string path)
    {
        foreach (
            var extension in (ReadOnlySpan<string>)
                [".c", ".h", ".S", ".s", ".cc", ".cpp", ".cxx", ".hpp", ".asm", ".inc"]
        )
        {
            if (path.EndsWith(extension, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
