using System.Globalization;
using System.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>A histogram of powers of two as a small picture with its numbers in words for those who do not see it.</summary>
internal static class HistogramSvg
{
    private const int Bar = 10;
    private const int Height = 34;

    /// <param name="thresholdNs">Bars at or over it are marked; 0 for none.</param>
    public static void Write(HtmlBuilder html, IReadOnlyList<long> histogram, long thresholdNs, string what)
    {
        int first = 0,
            last = Math.Min(histogram.Count, 63) - 1;
        while (first <= last && histogram[first] == 0)
            first++;
        while (last >= first && histogram[last] == 0)
            last--;
        if (first > last)
            return;

        double most = 0;
        for (int i = first; i <= last; i++)
            most = Math.Max(most, histogram[i]);
        var bars = new StringBuilder();
        for (int i = first; i <= last; i++)
        {
            // a logarithmic height: one slow poll among a million must still be seen
            double height =
                histogram[i] <= 0 ? 0 : Math.Max(2, Math.Log2(histogram[i] + 1) / Math.Log2(most + 1) * Height);
            string css = thresholdNs > 0 && 1L << Math.Min(i + 1, 62) > thresholdNs ? " class=\"over\"" : "";
            bars.Append(
                CultureInfo.InvariantCulture,
                $"<rect{css} x=\"{(i - first) * Bar}\" y=\"{Height - height:0.#}\" width=\"{Bar - 2}\" height=\"{height:0.#}\"><title>{histogram[i]} of {HumanText.Duration(1L << i)} to {HumanText.Duration(1L << Math.Min(i + 1, 62))}</title></rect>"
            );
        }

        int width = (last - first + 1) * Bar;
        string label =
            $"{what}: from {HumanText.Duration(1L << first)} to {HumanText.Duration(1L << Math.Min(last + 1, 62))}, {histogram.Sum()} in all";
        html.Add(
            $"<figure class=\"histogram\"><svg width=\"{width}\" height=\"{Height}\" viewBox=\"0 0 {width} {Height}\" role=\"img\" aria-label=\"{label}\">{new RawHtml(bars.ToString())}</svg><figcaption><span>{HumanText.Duration(1L << first)}</span><span>{HumanText.Duration(1L << Math.Min(last + 1, 62))}</span></figcaption></figure>"
        );
    }
}
