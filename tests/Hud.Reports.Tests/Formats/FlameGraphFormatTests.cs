using System.Text;
using System.Xml.Linq;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Flame;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Formats;

public sealed class FlameGraphFormatTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Boxes_are_as_wide_as_their_share_of_the_time_lost()
    {
        var document = RealisticDocuments.Checkout();
        var boxes = Boxes(document);
        long lost = document.SlowPolls.Sum(p => p.OnCpuNs + p.BlockedNs);
        long login = document
            .SlowPolls.Where(p =>
                p.Cause == HotspotCause.OnCpu && document.Hotspots[p.Hotspot].UserFrame == "checkout::login"
            )
            .Sum(p => p.OnCpuNs + p.BlockedNs);
        double width = boxes
            .Where(b => b.Title.StartsWith("bcrypt::hash ", StringComparison.Ordinal))
            .Sum(b => b.Width);
        Assert.Equal(login / (double)lost * 1176, width, 10.0);
    }

    [Fact]
    public void No_box_leaves_its_parent()
    {
        foreach (
            var document in new[]
            {
                RealisticDocuments.Checkout(),
                RealisticDocuments.Large(500, 3000),
                RealisticDocuments.Hostile(),
            }
        )
        {
            foreach (var row in Boxes(document).GroupBy(b => b.Y))
            {
                double right = 0;
                foreach (var box in row.OrderBy(b => b.X))
                {
                    Assert.True(box.X >= right - 0.6, $"{box.Title} overlaps");
                    right = box.X + box.Width;
                }

                Assert.InRange(right, 0, 1189);
            }
        }
    }

    [Fact]
    public void Children_never_hold_more_than_their_parent()
    {
        var open = new Stack<FlameNode>([FlameTree.Build(RealisticDocuments.Large(1000, 5000), w => w.LostNs)]);
        while (open.TryPop(out var node))
        {
            Assert.True(node.Children.Sum(c => c.Value) <= node.Value);
            foreach (var child in node.Children)
                open.Push(child);
        }
    }

    [Fact]
    public void Hostile_names_stay_text()
    {
        string svg = Encoding.UTF8.GetString(
            ReportFormats.Render(OutputFormat.FlameGraph, RealisticDocuments.Hostile())
        );
        var elements = XDocument.Parse(svg).Descendants().ToList();
        Assert.All(
            elements,
            e =>
                Assert.Contains(
                    e.Name.LocalName,
                    (string[])["svg", "rect", "text", "g", "title"],
                    StringComparer.Ordinal
                )
        );
        Assert.All(
            elements.Attributes(),
            a => Assert.False(a.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase))
        );
    }

    [Fact]
    public void What_was_lost_stands_in_the_picture() =>
        Assert.Contains(
            "not complete: polls without a stack 1",
            Encoding.UTF8.GetString(ReportFormats.Render(OutputFormat.FlameGraph, RealisticDocuments.Checkout()))
        );

    private static List<(string Title, double X, double Y, double Width)> Boxes(ProfileDocument document) =>
        [
            .. XDocument
                .Parse(Encoding.UTF8.GetString(ReportFormats.Render(OutputFormat.FlameGraph, document)))
                .Descendants(Svg + "g")
                .Select(g =>
                    (
                        g.Element(Svg + "title")!.Value,
                        (double)g.Element(Svg + "rect")!.Attribute("x")!,
                        (double)g.Element(Svg + "rect")!.Attribute("y")!,
                        (double)g.Element(Svg + "rect")!.Attribute("width")!
                    )
                ),
        ];
}
