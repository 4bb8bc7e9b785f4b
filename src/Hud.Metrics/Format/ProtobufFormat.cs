using System.Buffers.Binary;
using System.Text;

namespace Hud.Metrics.Format;

/// <summary>
/// The protobuf format of Prometheus, which alone has native histograms: messages <c>io.prometheus.client.MetricFamily</c>, each behind its length
/// (https://github.com/prometheus/client_model, metrics.proto). Pure.
/// </summary>
/// <remarks>
/// A native histogram of schema 0 has the powers of two of its unit for bounds, and the unit is the second. The kernel counts by powers of two of a
/// nanosecond, and 2^30 ns are 1.07 s: each bound is 7 % lower than the one that was counted by. The classic buckets beside them are exact.
/// </remarks>
public static class ProtobufFormat
{
    public const string ContentType =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

    /// <summary>Slot 29 ends at 2^30 ns, which stand for 1 s, and bucket 0 ends there.</summary>
    private const int SlotOfBucketZero = 29;

    /// <summary>What the Go client uses: without it a histogram that is empty is not known to be native.</summary>
    private const double ZeroThreshold = 2.938735877055719e-39;

    public static byte[] Write(IEnumerable<MetricFamily> families) =>
        [.. Parts(families).SelectMany(part => part.ToArray())];

    /// <summary>A family is as large as its series together, and behind its length: it is kept in pieces, because one large one would be kept twice as it grows.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Parts(IEnumerable<MetricFamily> families)
    {
        ArgumentNullException.ThrowIfNull(families);
        foreach (var family in families)
        {
            var pieces = new Pieces();
            foreach (var fields in Family(family))
                pieces.Add(fields.Bytes.Span);
            yield return new Message().Varint((ulong)pieces.Length).Bytes;
            foreach (var piece in pieces.All)
                yield return piece;
        }
    }

    /// <returns>Its fields, one series after the other.</returns>
    private static IEnumerable<Message> Family(MetricFamily family)
    {
        var info = family.Info;
        int type = info.Kind switch
        {
            MetricKind.Counter => 0,
            MetricKind.Histogram => 4,
            _ => 1,
        };
        yield return new Message().Text(1, info.Name).Text(2, info.Help).Number(3, (ulong)type);
        foreach (var sample in family.Samples)
            yield return new Message().Nested(
                4,
                Metric(sample.Labels)
                    .Nested(info.Kind == MetricKind.Counter ? 3 : 2, new Message().Double(1, sample.Value))
            );
        foreach (var histogram in family.Histograms)
            yield return new Message().Nested(4, Metric(histogram.Labels).Nested(7, Histogram(histogram)));
        if (info.Unit.Length > 0)
            yield return new Message().Text(5, info.Unit);
    }

    private static Message Metric(IReadOnlyList<Label> labels) => Labels(labels);

    private static Message Labels(IReadOnlyList<Label> labels)
    {
        var message = new Message();
        foreach (var label in labels)
            message.Nested(1, new Message().Text(1, label.Name).Text(2, label.Value));
        return message;
    }

    private static Message Histogram(HistogramSample histogram)
    {
        var message = new Message().Number(1, (ulong)histogram.Count).Double(2, histogram.Sum);
        foreach (var bucket in histogram.Buckets)
            message.Nested(3, Bucket(bucket.Count, bucket.UpperBound, bucket.Exemplar));
        message.Nested(3, Bucket(histogram.Count, double.PositiveInfinity, histogram.AboveExemplar));
        if (histogram.Log2 is { } slots)
            Native(message, slots);
        return message;
    }

    private static Message Bucket(long count, double bound, Exemplar? exemplar)
    {
        var message = new Message().Number(1, (ulong)count).Double(2, bound);
        return exemplar is not null && exemplar.Fits() ? message.Nested(3, Exemplar(exemplar)) : message;
    }

    private static Message Exemplar(Exemplar exemplar)
    {
        long ms = exemplar.At.ToUnixTimeMilliseconds();
        return Labels(exemplar.Labels)
            .Double(2, exemplar.Value)
            .Nested(3, new Message().Number(1, (ulong)(ms / 1000)).Number(2, (ulong)(ms % 1000 * 1_000_000)));
    }

    /// <summary>One span from the first to the last slot that counts, and the difference of each count to the one before.</summary>
    private static void Native(Message message, IReadOnlyList<long> slots)
    {
        message.Signed(5, 0).Double(6, ZeroThreshold).Number(7, 0);
        int first = 0,
            end = slots.Count;
        while (first < end && slots[first] == 0)
            first++;
        while (end > first && slots[end - 1] == 0)
            end--;
        if (first == end)
            return;
        message.Nested(12, new Message().Signed(1, first - SlotOfBucketZero).Number(2, (ulong)(end - first)));
        long before = 0;
        for (int i = first; i < end; i++)
        {
            message.Signed(13, slots[i] - before);
            before = slots[i];
        }
    }

    private sealed class Pieces
    {
        private const int Size = 32 << 10;
        private readonly List<byte[]> _full = [];
        private byte[] _last = new byte[1 << 10];
        private int _used;

        public long Length { get; private set; }

        public IEnumerable<ReadOnlyMemory<byte>> All =>
            _full.Select(piece => (ReadOnlyMemory<byte>)piece).Append(_last.AsMemory(0, _used));

        public void Add(ReadOnlySpan<byte> bytes)
        {
            Length += bytes.Length;
            while (!bytes.IsEmpty)
            {
                if (_used == _last.Length)
                {
                    _full.Add(_last);
                    (_last, _used) = (new byte[Size], 0);
                }

                int room = Math.Min(bytes.Length, _last.Length - _used);
                bytes[..room].CopyTo(_last.AsSpan(_used));
                _used += room;
                bytes = bytes[room..];
            }
        }
    }

    /// <summary>Fields as https://protobuf.dev/programming-guides/encoding/ has them.</summary>
    private sealed class Message
    {
        private readonly MemoryStream _bytes = new();

        public ReadOnlyMemory<byte> Bytes => _bytes.GetBuffer().AsMemory(0, (int)_bytes.Length);

        public Message Delimited(Message message)
        {
            Varint((ulong)message._bytes.Length);
            message._bytes.WriteTo(_bytes);
            return this;
        }

        public Message Nested(int field, Message message) => Tag(field, 2).Delimited(message);

        public Message Text(int field, string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            Tag(field, 2).Varint((ulong)bytes.Length);
            _bytes.Write(bytes);
            return this;
        }

        public Message Number(int field, ulong value) => Tag(field, 0).Varint(value);

        /// <summary>sint32 and sint64.</summary>
        public Message Signed(int field, long value) => Tag(field, 0).Varint((ulong)((value << 1) ^ (value >> 63)));

        public Message Double(int field, double value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(double)];
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
            Tag(field, 1)._bytes.Write(bytes);
            return this;
        }

        private Message Tag(int field, int wireType) => Varint((ulong)(field << 3 | wireType));

        public Message Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                _bytes.WriteByte((byte)(value | 0x80));
            _bytes.WriteByte((byte)value);
            return this;
        }
    }
}
