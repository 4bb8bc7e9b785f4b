using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.Elf;

/// <summary>open(2), openat(2), readlinkat(2) and statx(2), with the flags that .NET does not offer. Errors are minus errno.</summary>
internal static unsafe partial class Files
{
    private const string Library = "libc";
    private const int NonBlocking = 0x800,
        NoTerminal = 0x100,
        CloseOnExec = 0x80000,
        NameOnly = 0x200000; // O_PATH
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint BasicStats = 0x7ff;
    private const ushort TypeMask = 0xf000,
        Regular = 0x8000,
        Link = 0xa000;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    private static int NoFollow => Arm ? 0x8000 : 0x20000;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(SafeFileHandle link, string name, byte* text, nuint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle file, string name, int flags, uint mask, Statx* facts);

    /// <summary>struct statx of linux/stat.h, as far as it is needed; the same on every machine.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        [FieldOffset(136)]
        public uint Major;

        [FieldOffset(140)]
        public uint Minor;
    }

    /// <summary>A handle on what is at the path that opens nothing: no FIFO blocks, no device notices.</summary>
    public static SafeFileHandle Name(string path, out int error) =>
        Made(open(path, NameOnly | CloseOnExec, 0), out error);

    /// <summary>The same for one name in a folder; a symbolic link is not followed but is the answer.</summary>
    public static SafeFileHandle NameIn(SafeFileHandle folder, string name, out int error) =>
        Made(openat(folder, name, NameOnly | CloseOnExec | NoFollow, 0), out error);

    /// <summary>Opens for reading what a handle of <see cref="Name"/> names, and only if it is a regular file.</summary>
    public static SafeFileHandle OpenRegular(SafeFileHandle named, out string error)
    {
        if (!TryFacts(named, out var facts))
        {
            error = "its facts cannot be read";
        }
        else if (!facts.IsRegular)
        {
            error = "not a regular file";
        }
        else
        {
            var opened = Made(
                open($"/proc/self/fd/{named.DangerousGetHandle()}", NonBlocking | NoTerminal | CloseOnExec, 0),
                out var number
            );
            error = number == 0 ? "" : Marshal.GetPInvokeErrorMessage(number);
            return opened;
        }

        return new SafeFileHandle();
    }

    /// <summary>Where a symbolic link leads, as it says itself; null when it isn't one, or longer than a path can be.</summary>
    public static string? LinkText(SafeFileHandle named)
    {
        var text = stackalloc byte[4096];
        var length = readlinkat(named, "", text, 4096);
        return length is > 0 and < 4096 ? System.Text.Encoding.UTF8.GetString(text, (int)length) : null;
    }

    public static bool TryFacts(SafeFileHandle file, out FileFacts facts)
    {
        Statx found;
        var ok = statx(file, "", EmptyPath, BasicStats, &found) == 0;
        facts = ok
            ? new FileFacts(
                (ulong)found.Major << 32 | found.Minor,
                found.Inode,
                (long)found.Size,
                found.ModifiedSeconds * 1_000_000_000 + found.ModifiedNanoseconds
            )
            {
                IsRegular = (found.Mode & TypeMask) == Regular,
                IsLink = (found.Mode & TypeMask) == Link,
            }
            : default;
        return ok;
    }

    private static SafeFileHandle Made(int descriptor, out int error)
    {
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? new SafeFileHandle() : new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
