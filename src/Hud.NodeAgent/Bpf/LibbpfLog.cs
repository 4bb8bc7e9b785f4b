using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>Keeps what libbpf and the verifier say, to be shown when a load fails.</summary>
internal static unsafe partial class LibbpfLog
{
    private const int MaxLines = 400;
    private static readonly ConcurrentQueue<string> Lines = new();

    [LibraryImport("libc", EntryPoint = "vsnprintf")]
    private static partial int FormatC(byte* buffer, nuint size, nint format, nint arguments);

    internal static void Capture() => Libbpf.libbpf_set_print(&Print);

    /// <summary>The last lines, and none the next time.</summary>
    internal static IReadOnlyList<string> Take()
    {
        var taken = new List<string>();
        while (Lines.TryDequeue(out string? line))
            taken.Add(line);
        return taken;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, nint format, nint arguments)
    {
        const int debug = 2;
        if (level >= debug)
            return 0;
        const int size = 1 << 16; // a verifier log comes as one message
        byte[] buffer = new byte[size];
        int written;
        fixed (byte* at = buffer)
            written = FormatC(at, size, format, arguments);
        if (written <= 0)
            return 0;
        foreach (string line in Encoding.UTF8.GetString(buffer, 0, Math.Min(written, size - 1)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Lines.Enqueue(line);
            if (Lines.Count > MaxLines)
                Lines.TryDequeue(out _);
        }

        return written;
    }
}
