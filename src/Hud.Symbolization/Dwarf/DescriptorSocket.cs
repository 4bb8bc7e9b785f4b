using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.Symbolization;

/// <summary>
/// Hands open files from the agent to its helper: an unnamed pair of sockets, SCM_RIGHTS (unix(7)). So the helper needs no right to open
/// anything. One byte travels with each set of files; it is the number of them.
/// </summary>
internal static unsafe partial class DescriptorSocket
{
    public const int MaxFiles = 3;

    private const int Unix = 1,
        Stream = 1,
        CloseOnExec = 0x80000,
        SocketLevel = 1,
        Rights = 1,
        KeepOpen = 0, // no FD_CLOEXEC
        SetDescriptorFlags = 2,
        NoSignal = 0x4000,
        ReceiveCloseOnExec = 0x40000000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int family, int type, int protocol, int* pair);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(SafeFileHandle socket, Message* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(SafeFileHandle socket, Message* message, int flags);

    // struct iovec
    private struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    // struct msghdr
    private struct Message
    {
        public nint Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public Control* Control;
        public nuint ControlLength;
        public int Flags;
    }

    // struct cmsghdr and its data, CMSG_SPACE(3 * sizeof(int))
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct Control
    {
        public nuint Length;
        public int Level;
        public int Type;
        public fixed int Descriptors[MaxFiles];
    }

    /// <summary>The agent's end, and the helper's, which programs that are started now inherit.</summary>
    public static (SafeFileHandle Own, SafeFileHandle Inherited) Pair()
    {
        var pair = stackalloc int[2];
        if (socketpair(Unix, Stream | CloseOnExec, 0, pair) != 0)
        {
            throw new IOException($"socketpair: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var own = new SafeFileHandle(pair[0], ownsHandle: true);
        var inherited = new SafeFileHandle(pair[1], ownsHandle: true);
        _ = fcntl(pair[1], SetDescriptorFlags, KeepOpen);
        return (own, inherited);
    }

    public static void Send(SafeFileHandle socket, IReadOnlyList<SafeFileHandle> files)
    {
        var count = (byte)files.Count;
        Control control = default;
        control.Length = (nuint)(16 + (4 * count));
        control.Level = SocketLevel;
        control.Type = Rights;
        for (var i = 0; i < count; i++)
        {
            control.Descriptors[i] = (int)files[i].DangerousGetHandle();
        }

        var piece = new Piece { Start = &count, Length = 1 };
        var message = new Message
        {
            Pieces = &piece,
            PieceCount = 1,
            Control = &control,
            ControlLength = count == 0 ? 0 : (nuint)sizeof(Control),
        };
        if (count > 0)
        {
            message.ControlLength = (nuint)(16 + ((4 * count + 7) & ~7));
        }

        if (sendmsg(socket, &message, NoSignal) != 1)
        {
            throw new IOException($"sendmsg: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        GC.KeepAlive(files);
    }

    public static SafeFileHandle[] Receive(SafeFileHandle socket)
    {
        byte count = 0;
        Control control = default;
        var piece = new Piece { Start = &count, Length = 1 };
        var message = new Message
        {
            Pieces = &piece,
            PieceCount = 1,
            Control = &control,
            ControlLength = (nuint)sizeof(Control),
        };
        if (recvmsg(socket, &message, ReceiveCloseOnExec) != 1)
        {
            throw new IOException("the agent is gone");
        }

        var given = control.Level == SocketLevel && control.Type == Rights ? ((int)control.Length - 16) / 4 : 0;
        var files = new SafeFileHandle[Math.Clamp(given, 0, MaxFiles)];
        for (var i = 0; i < files.Length; i++)
        {
            files[i] = new SafeFileHandle(control.Descriptors[i], ownsHandle: true);
        }

        return files.Length == count ? files : throw new InvalidDataException($"{files.Length} of {count} files came");
    }
}
