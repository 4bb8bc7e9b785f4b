using System.Runtime.CompilerServices;
using Hud.Metrics.Format;

namespace Hud.Metrics.Tests;

/// <summary>
/// Whole pages, compared with files beside the tests and read by Prometheus' own tool. HUD_UPDATE_GOLDEN=1 writes the files anew: look at the
/// diff, because names and labels are what dashboards and alerts rely on.
/// </summary>
public sealed class ExpositionTests
{
    [Fact]
    public void Plain_text_is_the_golden_file() => Matches("plain.txt", Messages.State(Messages.Checkout()).Plain());

    [Fact]
    public void OpenMetrics_is_the_golden_file() =>
        Matches("openmetrics.txt", TextFormat.OpenMetrics(Messages.State(Messages.Checkout()).Families(Messages.Now)));

    [Fact]
    public void Promtool_finds_nothing_to_say() =>
        Assert.Equal("", Prometheus.Check(Messages.State(Messages.Checkout()).Plain()));

    [Fact]
    public void Before_the_first_message_there_is_only_that_nothing_is_up()
    {
        var families = new MetricsState().Families(Messages.Now);

        Assert.Equal("hud_up 0", Messages.State().Plain().TrimEnd('\n').Split('\n')[^1]);
        Assert.Equal(MetricCatalog.Up, Assert.Single(families).Info);
    }

    [Fact]
    public void Every_metric_of_the_catalog_is_served_in_its_order_with_the_labels_it_has_there()
    {
        var families = Messages.State(Messages.Checkout()).Families(Messages.Now);

        Assert.Equal(MetricCatalog.All, families.Select(f => f.Info));
        Assert.All(
            families,
            f =>
                Assert.All(
                    f.Samples.Select(s => s.Labels).Concat(f.Histograms.Select(h => h.Labels)),
                    labels => Assert.Equal(f.Info.Labels, labels.Select(l => l.Name))
                )
        );
    }

    [Fact]
    public void Names_and_units_follow_the_conventions() =>
        Assert.All(
            MetricCatalog.All,
            m =>
            {
                Assert.Matches("^hud_[a-z_]+$", m.Name);
                Assert.Equal(m.Kind == MetricKind.Counter, m.Name.EndsWith("_total", StringComparison.Ordinal));
                string name = m.Kind == MetricKind.Counter ? m.Name[..^"_total".Length] : m.Name;
                Assert.True(m.Unit.Length == 0 || name.EndsWith("_" + m.Unit, StringComparison.Ordinal), m.Name);
                Assert.EndsWith(".", m.Help, StringComparison.Ordinal);
            }
        );

    [Fact]
    public void Buckets_are_cumulative_and_every_bound_is_one_that_the_kernel_counted_by()
    {
        var histogram = HistogramBounds.Sample(
            [],
            Messages.Slots((0, 1), (20, 5), (22, 7), (39, 2)),
            9_000_000_000,
            []
        );

        Assert.Equal(histogram.Buckets.Select(b => b.Count).Order(), histogram.Buckets.Select(b => b.Count));
        Assert.Equal((15, 9.0), (histogram.Count, histogram.Sum));
        Assert.All(
            histogram.Buckets,
            b =>
            {
                decimal ns = decimal.Parse(b.BoundText) * 1_000_000_000;
                Assert.Equal(ns, (decimal)(1L << (int)Math.Log2((double)ns)));
            }
        );
        // slot 20 ends at 2^21 ns
        Assert.Equal(1, Assert.Single(histogram.Buckets, b => b.BoundText == "0.001048576").Count);
        Assert.Equal(6, Assert.Single(histogram.Buckets, b => b.BoundText == "0.002097152").Count);
        Assert.Equal(13, histogram.Buckets[^1].Count);
    }

    [Fact]
    public void An_exemplar_stands_in_its_bucket_and_the_last_one_is_taken()
    {
        static Exemplar At(double value, int second) =>
            new([new("fingerprint", $"{value}/{second}")], value, Messages.Start.AddSeconds(second));

        var histogram = HistogramBounds.Sample(
            [],
            [],
            0,
            [At(0.02, 1), At(0.03, 5), At(0.031, 3), At(3600, 2), At(0.0000001, 1)]
        );

        Assert.Equal(
            ["0.000002048", "0.033554432"],
            histogram.Buckets.Where(b => b.Exemplar is not null).Select(b => b.BoundText)
        );
        Assert.Equal("0.03/5", histogram.Buckets.Last(b => b.Exemplar is not null).Exemplar!.Labels[0].Value);
        Assert.Equal(3600, histogram.AboveExemplar!.Value);
    }

    [Fact]
    public void An_exemplar_with_more_than_128_characters_is_left_out()
    {
        var family = new MetricFamily(new MetricInfo("a_seconds", MetricKind.Histogram, "", "Times."))
        {
            Histograms = [new([], [new("1", 1, 1, Exemplar(117)), new("2", 2, 2, Exemplar(118))], 2, 1.5)],
        };

        string text = TextFormat.OpenMetrics([family]);

        Assert.Contains("{le=\"1\"} 1 # {fingerprint=\"", text, StringComparison.Ordinal);
        Assert.Contains("{le=\"2\"} 2\n", text, StringComparison.Ordinal);

        static Exemplar Exemplar(int length) => new([new("fingerprint", new string('f', length))], 1, Messages.Start);
    }

    private static void Matches(string name, string actual, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
