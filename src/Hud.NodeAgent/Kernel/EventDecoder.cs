using System.Runtime.InteropServices;
using System.Text;

namespace Hud.NodeAgent.Kernel;

/// <summary>Bytes of the ring buffer to events. A record that does not fit its own lengths is counted, not guessed at.</summary>
public sealed class EventDecoder
{
    /// <summary>36 years: more is a difference of two clocks that went below zero.</summary>
    private const ulong MaxNs = 1UL << 60;

    public long Errors { get; private set; }

    /// <summary>The slice is part of <paramref name="record"/> and lives as long.</summary>
    public bool TryDecode(ReadOnlySpan<byte> record, out HudEvent header, out ReadOnlySpan<byte> stack)
    {
        stack = default;
        if (!MemoryMarshal.TryRead(record, out header))
        {
            Errors++;
            return false;
        }

        int size = Marshal.SizeOf<HudEvent>();
        if (
            header.Kind is < EventKind.Poll or > EventKind.SecondaryStack
            || header.StackBytes > Abi.StackBytes
            || size + header.StackBytes > record.Length
            || Times(header) >= MaxNs
        )
        {
            Errors++;
            return false;
        }

        stack = record.Slice(size, (int)header.StackBytes);
        return true;
    }

    /// <summary>Whether it is for <see cref="TryDecodeWait"/>.</summary>
    public static bool IsWait(ReadOnlySpan<byte> record) =>
        MemoryMarshal.TryRead<EventKind>(record, out var kind) && kind == EventKind.Wait;

    public bool TryDecodeWait(ReadOnlySpan<byte> record, out HudWait wait)
    {
        if (
            MemoryMarshal.TryRead(record, out wait)
            && wait.Weight is > 0 and <= int.MaxValue
            && wait.PollNs <= MaxNs
            && wait.WakeNs <= wait.PollNs
        )
            return true;
        Errors++;
        return false;
    }

    /// <summary>All bits of its times and durations: below a power of two where each of them is.</summary>
    private static ulong Times(in HudEvent e) =>
        e.TimeNs
        | e.StartNs
        | e.WallNs
        | e.OffNs
        | e.RunDelayNs
        | e.ThrottledNs
        | e.WorstBlockNs
        | e.WorstQueueNs
        | e.BlockStartNs
        | e.ByNs;

    /// <summary>A kernel comm: at most 15 bytes, NUL-terminated, any bytes at all.</summary>
    public static string Comm(in CommBlock comm)
    {
        ReadOnlySpan<byte> bytes = comm;
        int end = bytes.IndexOf((byte)0);
        var text = new StringBuilder();
        foreach (char c in Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]))
            text.Append(char.IsControl(c) ? '?' : c);
        return text.ToString();
    }
}
