using System.Globalization;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests.Watch;

/// <summary>One look at the metrics of an agent that watches all the time, over the API server.</summary>
/// <param name="AtNs">Between the question and the answer, by the clock that the programs note their blocks with.</param>
/// <param name="Bytes">Of the page.</param>
internal sealed record SidecarPage(
    long AtNs,
    int Bytes,
    IReadOnlyList<(string Name, string Labels, double Value)> Values
)
{
    /// <returns>Null when it did not answer.</returns>
    public static async Task<SidecarPage?> ReadAsync(Cluster cluster, string pod)
    {
        var before = Environment.TickCount64;
        var page = await cluster.KubectlAsync(
            "get",
            "--raw",
            $"/api/v1/namespaces/{Cluster.System}/pods/{pod}:9464/proxy/metrics"
        );
        if (page.Code != 0)
            return null;
        var values = page
            .Output.Split('\n')
            .Where(l => l.Length > 0 && l[0] != '#')
            .Select(l =>
            {
                var (space, brace) = (l.LastIndexOf(' '), l.IndexOf('{', StringComparison.Ordinal));
                return (
                    brace < 0 ? l[..space] : l[..brace],
                    brace < 0 ? "" : l[brace..space],
                    double.Parse(l[(space + 1)..], CultureInfo.InvariantCulture)
                );
            })
            .ToList();
        return new SidecarPage((before + Environment.TickCount64) / 2 * 1_000_000, page.Output.Length, values);
    }

    public double One(string name) => Assert.Single(Values, v => v.Name == name).Value;

    /// <summary>Of all that have this in their labels, such as <c>pod="web-1"</c>.</summary>
    public double Sum(string name, string label = "") =>
        Values.Where(v => v.Name == name && v.Labels.Contains(label, StringComparison.Ordinal)).Sum(v => v.Value);

    public bool Has(string name, string label) =>
        Values.Any(v => v.Name == name && v.Labels.Contains(label, StringComparison.Ordinal));

    /// <summary>Pods with a container that is watched.</summary>
    public HashSet<string> Watched() =>
        [
            .. Values
                .Where(v => v is { Name: "hud_target_up", Value: 1 })
                .Select(v => v.Labels.Split("pod=\"")[1].Split('"')[0]),
        ];
}
