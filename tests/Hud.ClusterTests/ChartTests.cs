using Hud.ClusterTests.Harness;
using YamlDotNet.RepresentationModel;

namespace Hud.ClusterTests;

/// <summary>The chart as the real helm reads it, beside the kustomization as the real kubectl reads it.</summary>
public sealed class ChartTests(Cluster cluster)
{
    [Fact]
    public async Task Helm_lints_the_chart_and_refuses_values_that_its_schema_does_not_know()
    {
        cluster.Require();
        Assert.Contains("0 chart(s) failed", (await cluster.HelmAsync("lint", "--strict", "charts/hud")).Ok(), StringComparison.Ordinal);
        foreach (var bad in (string[])["policy.maxDuration=soon", "agent.securityProfile=root", "operator.replicas=99", "nonsense=1"])
            Assert.NotEqual(0, (await cluster.HelmAsync("template", "hud", "charts/hud", "--set", bad)).Code);
    }

    [Fact]
    public async Task Helm_and_kustomize_install_the_same_rules_and_the_same_operator()
    {
        cluster.Require();
        var helm = Parse((await cluster.HelmAsync("template", "hud", "charts/hud", "-n", Cluster.System, "--set", "namespace.create=true,metrics.service=false")).Ok());
        var kustomize = Parse((await cluster.KubectlAsync("kustomize", "config/default")).Ok());
        kustomize.Remove("CustomResourceDefinition/profilingsessions.hud.dev");
        Assert.Equal(helm.Keys.Order(), kustomize.Keys.Order());
        foreach (var (name, document) in helm)
        {
            foreach (var part in (string[])["rules", "roleRef", "subjects", "spec"])
                Assert.Equal(Text(document, part), Text(kustomize[name], part));
        }
    }

    [Fact]
    public async Task The_operators_role_has_no_wildcard_and_no_secret()
    {
        cluster.Require();
        var text = (await cluster.HelmAsync("template", "hud", "charts/hud", "-s", "templates/rbac.yaml")).Ok();
        Assert.DoesNotContain("*", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secrets", text, StringComparison.Ordinal);
        Assert.DoesNotContain("exec", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ServiceMonitor_is_made_on_demand_and_finds_the_service_and_its_port()
    {
        cluster.Require();
        var plain = Parse((await cluster.HelmAsync("template", "hud", "charts/hud", "-n", Cluster.System)).Ok());
        Assert.DoesNotContain("ServiceMonitor/hud-operator", plain.Keys);
        var all = Parse((await cluster.HelmAsync(
            "template", "hud", "charts/hud", "-n", Cluster.System,
            "--set", "metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.interval=17s,metrics.serviceMonitor.labels.release=prom")).Ok());
        var (monitor, service) = (all["ServiceMonitor/hud-operator"], all["Service/hud-operator-metrics"]);
        Assert.Equal(("monitoring.coreos.com/v1", Cluster.System, "prom"), (monitor["apiVersion"].ToString(), monitor["metadata"]["namespace"].ToString(), monitor["metadata"]["labels"]["release"].ToString()));
        var labels = (YamlMappingNode)service["metadata"]["labels"];
        Assert.All((YamlMappingNode)monitor["spec"]["selector"]["matchLabels"], wanted => Assert.Equal(wanted.Value, labels[wanted.Key]));
        var endpoint = monitor["spec"]["endpoints"][0];
        Assert.Equal(("/metrics", "17s", service["spec"]["ports"][0]["name"].ToString()), (endpoint["path"].ToString(), endpoint["interval"].ToString(), endpoint["port"].ToString()));
    }

    private static Dictionary<string, YamlMappingNode> Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>()
            .ToDictionary(d => $"{d["kind"]}/{d["metadata"]["name"]}", d => d);
    }

    private static string Text(YamlMappingNode document, string part)
    {
        if (!document.Children.TryGetValue(new YamlScalarNode(part), out var node))
            return "";
        return Normal(node);

        static string Normal(YamlNode node) => node switch
        {
            YamlMappingNode map => "{" + string.Join(",", map.Children.OrderBy(p => p.Key.ToString(), StringComparer.Ordinal).Select(p => p.Key + ":" + Normal(p.Value))) + "}",
            YamlSequenceNode list => "[" + string.Join(",", list.Select(Normal)) + "]",
            _ => ((YamlScalarNode)node).Value ?? "",
        };
    }
}
