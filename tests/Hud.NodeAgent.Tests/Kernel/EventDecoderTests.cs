using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Tests.Kernel;

public sealed class EventDecoderTests
{
    private static readonly int HeaderBytes = Unsafe.SizeOf<HudEvent>();

    private static byte[] Record(HudEvent header, int trailing)
    {
        byte[] bytes = new byte[HeaderBytes + trailing];
        MemoryMarshal.Write(bytes, header);
        for (int i = HeaderBytes; i < bytes.Length; i++)
            bytes[i] = (byte)i;
        return bytes;
    }

    [Fact]
    public void A_record_and_its_slice_come_apart()
    {
        var decoder = new EventDecoder();
        byte[] record = Record(
            new HudEvent
            {
                Kind = EventKind.Poll,
                Flags = EventFlags.StackBlock,
                WallNs = 42,
                StackBytes = 24,
            },
            32
        );

        Assert.True(decoder.TryDecode(record, out var header, out var stack));
        Assert.Equal(42UL, header.WallNs);
        Assert.Equal(record.AsSpan(HeaderBytes, 24).ToArray(), stack.ToArray());
        Assert.Equal(0, decoder.Errors);
    }

    [Theory]
    [InlineData(EventKind.Poll, 25u)]
    [InlineData(EventKind.Poll, uint.MaxValue)]
    [InlineData(EventKind.Poll, (uint)Abi.StackBytes + 1)]
    [InlineData((EventKind)0, 0u)]
    [InlineData(EventKind.SecondaryStack + 1, 0u)]
    [InlineData((EventKind)uint.MaxValue, 0u)]
    public void A_record_that_contradicts_itself_is_counted(EventKind kind, uint stackBytes)
    {
        var decoder = new EventDecoder();
        Assert.False(
            decoder.TryDecode(Record(new HudEvent { Kind = kind, StackBytes = stackBytes }, 24), out _, out var stack)
        );
        Assert.True(stack.IsEmpty);
        Assert.Equal(1, decoder.Errors);
    }

    [Fact]
    public void A_record_of_any_shorter_length_is_counted()
    {
        var decoder = new EventDecoder();
        byte[] record = Record(new HudEvent { Kind = EventKind.Lifecycle }, 0);
        for (int length = 0; length < HeaderBytes; length++)
            Assert.False(decoder.TryDecode(record.AsSpan(0, length), out _, out _));
        Assert.Equal(HeaderBytes, decoder.Errors);
        Assert.True(decoder.TryDecode(record, out _, out _));
    }

    [Fact]
    public void Random_bytes_are_decoded_or_counted_and_never_read_beyond_their_end()
    {
        var random = new Random(20);
        var decoder = new EventDecoder();
        long decoded = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] record = new byte[random.Next(HeaderBytes * 2)];
            random.NextBytes(record);
            if (record.Length >= 4 && random.Next(2) == 0)
                MemoryMarshal.Write(record, (uint)random.Next(10)); // a likely kind, so that more than the first test is met
            int times = (int)Marshal.OffsetOf<HudEvent>(nameof(HudEvent.TimeNs)),
                names = (int)Marshal.OffsetOf<HudEvent>(nameof(HudEvent.ByComm));
            if (record.Length >= HeaderBytes && random.Next(2) == 0)
                record.AsSpan(times, names - times).Clear(); // times of which each could be one
            if (record.Length >= HeaderBytes && random.Next(2) == 0)
                MemoryMarshal.Write(
                    record.AsSpan((int)Marshal.OffsetOf<HudEvent>(nameof(HudEvent.StackBytes))),
                    (uint)random.Next(HeaderBytes * 2)
                );
            if (!decoder.TryDecode(record, out var header, out var stack))
                continue;
            decoded++;
            Assert.Equal((int)header.StackBytes, stack.Length);
            Assert.InRange(stack.Length, 0, record.Length - HeaderBytes);
            _ = EventDecoder.Comm(header.Comm);
        }

        Assert.True(decoded > 100, $"only {decoded} records were whole: the test looks at refusals only");
        Assert.Equal(50_000, decoded + decoder.Errors);
    }

    [Fact]
    public void A_time_that_went_below_zero_is_counted()
    {
        var decoder = new EventDecoder();
        Assert.True(
            decoder.TryDecode(Record(new HudEvent { Kind = EventKind.Poll, WallNs = 1 << 30 }, 0), out _, out _)
        );
        Assert.False(
            decoder.TryDecode(
                Record(new HudEvent { Kind = EventKind.Poll, WallNs = unchecked((ulong)-3) }, 0),
                out _,
                out _
            )
        );
        Assert.Equal(1, decoder.Errors);
    }

    private static byte[] WaitRecord(ulong wakeNs = 10, ulong pollNs = 50, uint weight = 1)
    {
        byte[] bytes = new byte[Unsafe.SizeOf<HudWait>()];
        MemoryMarshal.Write(
            bytes,
            new HudWait
            {
                Kind = EventKind.Wait,
                WakeNs = wakeNs,
                PollNs = pollNs,
                Weight = weight,
            }
        );
        return bytes;
    }

    [Fact]
    public void A_wait_is_a_record_of_its_own()
    {
        var decoder = new EventDecoder();
        Assert.True(EventDecoder.IsWait(WaitRecord()));
        Assert.True(decoder.TryDecodeWait(WaitRecord(), out var wait));
        Assert.Equal((10UL, 50UL), (wait.WakeNs, wait.PollNs));
        Assert.False(EventDecoder.IsWait(Record(new HudEvent { Kind = EventKind.Poll }, 0)));
        Assert.False(EventDecoder.IsWait([8, 0, 0]));
        Assert.Equal(0, decoder.Errors);
    }

    [Fact]
    public void A_wait_that_contradicts_itself_or_is_cut_is_counted()
    {
        var decoder = new EventDecoder();
        Assert.False(decoder.TryDecodeWait(WaitRecord(wakeNs: 51), out _));
        Assert.False(decoder.TryDecodeWait(WaitRecord(weight: 0), out _));
        Assert.False(decoder.TryDecodeWait(WaitRecord().AsSpan(0, 40), out _));
        Assert.Equal(3, decoder.Errors);
    }

    [Theory]
    [InlineData("tokio-rt-worker\0", "tokio-rt-worker")]
    [InlineData("web\0leftover", "web")]
    [InlineData("sixteen bytes ab", "sixteen bytes ab")]
    [InlineData("a\nb\u001b[31m\0", "a?b?[31m")]
    [InlineData("\0", "")]
    public void A_name_ends_at_its_nul_and_controls_nothing(string bytes, string expected)
    {
        var comm = default(CommBlock);
        Encoding.UTF8.GetBytes(bytes).CopyTo((Span<byte>)comm);
        Assert.Equal(expected, EventDecoder.Comm(comm));
    }
}
