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
        // a verifier log comes as one message, which libbpf lets grow to 16 MiB; what matters stands at its end
        const int size = 16 << 20;
        byte* buffer = (byte*)NativeMemory.Alloc(size);
        try
        {
            int written = Math.Min(FormatC(buffer, size, format, arguments), size - 1);
            const int end = 1 << 16;
            int skipped = Math.Max(0, written - end);
            foreach (
                string line in Encoding
                    .UTF8.GetString(buffer + skipped, Math.Max(0, written - skipped))
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            )
            {
                Lines.Enqueue(line);
                if (Lines.Count > MaxLines)
                    Lines.TryDequeue(out _);
            }

            return written;
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }
}
