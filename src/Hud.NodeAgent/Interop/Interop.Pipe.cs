using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.NodeAgent.Interop;

/// <summary>Named pipes. What can be refused returns minus errno.</summary>
internal static unsafe partial class Libc
{
    public const int TryAgain = 11,
        FileExists = 17,
        NoReader = 32; // EPIPE

    private const int WriteOnly = 1,
        NonBlocking = 0x800,
        CloseOnExec = 0x80000;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport(Library)]
    private static partial uint umask(uint mask);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int statx(int folder, byte* path, int flags, uint mask, byte* facts);

    /// <summary>mkfifo(3) with these very rights: no link in its place is followed. Not beside other threads that make files.</summary>
    internal static int MakeFifo(string path, uint mode)
    {
        uint before = umask(0);
        int made = mkfifo(path, mode);
        int error = Marshal.GetLastPInvokeError();
        umask(before);
        return made == 0 ? 0 : -error;
    }

    /// <summary>Whether a descriptor is one of a FIFO.</summary>
    internal static bool IsFifo(int fd)
    {
        const int emptyPath = 0x1000; // AT_EMPTY_PATH
        const uint type = 1; // STATX_TYPE
        byte* facts = stackalloc byte[256]; // struct statx, with stx_mode at 28
        byte none = 0;
        return statx(fd, &none, emptyPath, type, facts) == 0 && (*(ushort*)(facts + 28) & 0xf000) == 0x1000;
    }

    /// <summary>
    /// Opens a FIFO for reading without waiting for a writer; what else is there is closed again, and a link is not followed. For who has no rights: to
    /// open something is to act on it.
    /// </summary>
    internal static SafeFileHandle OpenFifo(string path)
    {
        int fd = open(path, NonBlocking | CloseOnExec | (IsArm ? 0x8000 : 0x20000));
        if (fd < 0)
            return new SafeFileHandle();
        var opened = new SafeFileHandle(fd, ownsHandle: true);
        if (IsFifo(fd))
            return opened;
        opened.Dispose();
        return new SafeFileHandle();
    }

    /// <summary>
    /// Opens what a descriptor names, without waiting for the other end. The reading end of a FIFO can always be opened; the writing end while
    /// somebody has the reading end.
    /// </summary>
    internal static SafeFileHandle Reopen(SafeFileHandle named, bool forWriting)
    {
        int fd = open(
            $"/proc/self/fd/{named.DangerousGetHandle()}",
            NonBlocking | CloseOnExec | (forWriting ? WriteOnly : 0)
        );
        return fd < 0 ? new SafeFileHandle() : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <returns>Bytes, or minus errno.</returns>
    internal static int Write(SafeFileHandle to, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            nint written = write((int)to.DangerousGetHandle(), first, (nuint)bytes.Length);
            return written < 0 ? -Marshal.GetLastPInvokeError() : (int)written;
        }
    }

    /// <returns>Bytes, 0 at the end, or minus errno.</returns>
    internal static int Read(SafeFileHandle from, Span<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            nint got = read((int)from.DangerousGetHandle(), first, (nuint)bytes.Length);
            return got < 0 ? -Marshal.GetLastPInvokeError() : (int)got;
        }
    }

    /// <summary>Until the other end makes room or is gone, there is something to read, or time is up.</summary>
    internal static void Wait(SafeFileHandle end, bool forWriting, int milliseconds)
    {
        const short readable = 1,
            writable = 4;
        var descriptor = new PollDescriptor
        {
            Fd = (int)end.DangerousGetHandle(),
            Events = forWriting ? writable : readable,
        };
        _ = poll(&descriptor, 1, milliseconds);
    }
}
