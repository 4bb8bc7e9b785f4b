using System.Buffers.Binary;
using System.Text;
using Hud.Metrics.Format;

namespace Hud.Metrics.Tests;

/// <summary>The bytes, taken apart by a reader that knows the encoding and not the writer. Prometheus itself reads them in the tests of hud.</summary>
public sealed class ProtobufFormatTests
{
    [Fact]
    public void A_counter_has_its_name_labels_and_value()
    {
        var family = Only(
            new MetricFamily(new MetricInfo("a_total", MetricKind.Counter, "", "Counts."))
            {
                Samples = [new([new("task", "ünï")], 3.5)],
            }
        );

        Assert.Equal(("a_total", "Counts."), (Text(family, 1), Text(family, 2)));
        Assert.Equal(0ul, Number(family, 3));
        var metric = Fields(Bytes(family, 4));
        var label = Fields(Bytes(metric, 1));
        Assert.Equal(("task", "ünï"), (Text(label, 1), Text(label, 2)));
        Assert.Equal(3.5, Double(Fields(Bytes(metric, 3)), 1));
    }

    [Fact]
    public void A_histogram_has_exact_classic_buckets_and_a_native_one_of_schema_0()
    {
        var sample = HistogramBounds.Sample(
            [],
            Messages.Slots((28, 5), (29, 2), (31, 9)),
            7_000_000_000,
            [new([new("fingerprint", "f00d")], 0.4, Messages.Start)]
        );
        var family = Only(
            new MetricFamily(new MetricInfo("a_seconds", MetricKind.Histogram, "seconds", "Times."))
            {
                Histograms = [sample],
            }
        );

        Assert.Equal((4ul, "seconds"), (Number(family, 3), Text(family, 5)));
        var histogram = Fields(Bytes(Fields(Bytes(family, 4)), 7));
        Assert.Equal(16ul, Number(histogram, 1));
        Assert.Equal(7.0, Double(histogram, 2));
        var buckets = histogram.Where(f => f.Field == 3).Select(f => Fields((byte[])f.Value)).ToList();
        Assert.Equal(
            sample.Buckets.Select(b => (b.UpperBound, (ulong)b.Count)).Append((double.PositiveInfinity, 16ul)),
            buckets.Select(b => (Double(b, 2), Number(b, 1)))
        );
        var exemplar = Fields(Bytes(Assert.Single(buckets, b => b.Any(f => f.Field == 3)), 3));
        Assert.Equal("f00d", Text(Fields(Bytes(exemplar, 1)), 2));
        Assert.Equal((ulong)Messages.Start.ToUnixTimeSeconds(), Number(Fields(Bytes(exemplar, 3)), 1));

        Assert.Equal(0, Signed(Number(histogram, 5)));
        var span = Fields(Bytes(histogram, 12));
        // slot 28 ends at 2^29 ns, which stand for half a second: bucket -1
        Assert.Equal((-1, 4ul), (Signed(Number(span, 1)), Number(span, 2)));
        Assert.Equal([5, -3, -2, 9], histogram.Where(f => f.Field == 13).Select(f => Signed((ulong)f.Value)));
    }

    [Fact]
    public void A_histogram_without_observations_is_native_all_the_same()
    {
        var family = Only(
            new MetricFamily(new MetricInfo("a_seconds", MetricKind.Histogram, "", "Times."))
            {
                Histograms = [HistogramBounds.Sample([], [], 0, [])],
            }
        );
        var histogram = Fields(Bytes(Fields(Bytes(family, 4)), 7));

        Assert.True(Double(histogram, 6) > 0);
        Assert.DoesNotContain(histogram, f => f.Field is 12 or 13);
    }

    private static List<(int Field, object Value)> Only(MetricFamily family)
    {
        byte[] all = ProtobufFormat.Write([family]);
        int at = 0;
        ulong length = Varint(all, ref at);
        Assert.Equal(all.Length - at, (int)length);
        return Fields(all[at..]);
    }

    private static List<(int Field, object Value)> Fields(byte[] message)
    {
        var fields = new List<(int, object)>();
        for (int at = 0; at < message.Length; )
        {
            ulong tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(((int)(tag >> 3), Varint(message, ref at)));
                    break;
                case 1:
                    fields.Add(((int)(tag >> 3), BinaryPrimitives.ReadDoubleLittleEndian(message.AsSpan(at, 8))));
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    fields.Add(((int)(tag >> 3), message[at..(at + length)]));
                    at += length;
                    break;
                default:
                    Assert.Fail($"wire type {tag & 7}");
                    break;
            }
        }

        return fields;
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = bytes[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
    }

    private static long Signed(ulong zigzag) => (long)(zigzag >> 1) ^ -(long)(zigzag & 1);

    private static object One(List<(int Field, object Value)> fields, int field) =>
        Assert.Single(fields, f => f.Field == field).Value;

    private static ulong Number(List<(int Field, object Value)> fields, int field) => (ulong)One(fields, field);

    private static double Double(List<(int Field, object Value)> fields, int field) => (double)One(fields, field);

    private static byte[] Bytes(List<(int Field, object Value)> fields, int field) => (byte[])One(fields, field);

    private static string Text(List<(int Field, object Value)> fields, int field) =>
        Encoding.UTF8.GetString(Bytes(fields, field));
}
