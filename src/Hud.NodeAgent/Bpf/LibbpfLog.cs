using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>
/// Keeps what libbpf and the verifier say during one load, to be shown when it fails. libbpf has no context to pass to its print function,
/// but calls it on the thread that called libbpf, so each thread keeps its own.
/// </summary>
internal static unsafe partial class LibbpfLog
{
    private const int MaxLines = 400;

    [ThreadStatic]
    private static Queue<string>? lines;

    [LibraryImport("libc", EntryPoint = "vsnprintf")]
    private static partial int FormatC(byte* buffer, nuint size, nint format, nint arguments);

    /// <summary>A load begins on this thread: what was said before belongs to another.</summary>
    internal static void Begin()
    {
        lines = new Queue<string>();
        _ = Libbpf.libbpf_set_print(&Print);
    }

    /// <summary>The last lines, and none the next time.</summary>
    internal static IReadOnlyList<string> Take()
    {
        IReadOnlyList<string> taken = lines is null ? [] : [.. lines];
        lines?.Clear();
        return taken;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, nint format, nint arguments)
    {
        const int debug = 2;
        if (level >= debug || lines is not { } kept)
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
                kept.Enqueue(line);
                if (kept.Count > MaxLines)
                    kept.Dequeue();
            }

            return written;
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }
}
