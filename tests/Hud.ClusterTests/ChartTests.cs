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
        Assert.Contains(
            "0 chart(s) failed",
            (await cluster.HelmAsync("lint", "--strict", "charts/hud")).Ok(),
            StringComparison.Ordinal
        );
        foreach (
            var bad in (string[])
                ["policy.maxDuration=soon", "agent.securityProfile=root", "operator.replicas=99", "nonsense=1"]
        )
            Assert.NotEqual(0, (await cluster.HelmAsync("template", "hud", "charts/hud", "--set", bad)).Code);
    }

    [Fact]
    public async Task Without_a_registry_nothing_is_installed_and_the_message_says_what_to_give()
    {
        cluster.Require();
        var without = await cluster.HelmAsync("template", "hud", "charts/hud", "--set", "registry=");
        Assert.NotEqual(0, without.Code);
        Assert.Contains("--set registry=", without.Error, StringComparison.Ordinal);
        var images = (
            await cluster.HelmAsync("template", "hud", "charts/hud", "--set", "registry=registry.example.com/tools")
        ).Ok();
        Assert.Contains("registry.example.com/tools/hud-operator:", images, StringComparison.Ordinal);
        Assert.Contains("registry.example.com/tools/hud-agent:", images, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Helm_and_kustomize_install_the_same_rules_and_the_same_operator()
    {
        cluster.Require();
        var helm = await ChartAsync("--set", "namespace.create=true,metrics.service=false");
        var kustomize = Parse((await cluster.KubectlAsync("kustomize", "config/default")).Ok());
        kustomize.Remove("CustomResourceDefinition/profilingpolicies.hud.dev");
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
        var plain = await ChartAsync();
        Assert.DoesNotContain("ServiceMonitor/hud-operator", plain.Keys);
        var all = await ChartAsync(
            "--set",
            "metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.interval=17s,metrics.serviceMonitor.labels.release=prom"
        );
        var (monitor, service) = (all["ServiceMonitor/hud-operator"], all["Service/hud-operator-metrics"]);
        Assert.Equal(
            ("monitoring.coreos.com/v1", Cluster.System, "prom"),
            (
                monitor["apiVersion"].ToString(),
                monitor["metadata"]["namespace"].ToString(),
                monitor["metadata"]["labels"]["release"].ToString()
            )
        );
        var labels = (YamlMappingNode)service["metadata"]["labels"];
        Assert.All(
            (YamlMappingNode)monitor["spec"]["selector"]["matchLabels"],
            wanted => Assert.Equal(wanted.Value, labels[wanted.Key])
        );
        var endpoint = monitor["spec"]["endpoints"][0];
        Assert.Equal(
            ("/metrics", "17s", service["spec"]["ports"][0]["name"].ToString()),
            (endpoint["path"].ToString(), endpoint["interval"].ToString(), endpoint["port"].ToString())
        );
    }

    [Fact]
    public async Task What_reads_the_agents_metrics_is_made_on_demand_with_the_very_files_that_are_checked()
    {
        cluster.Require();
        string[] made = ["ConfigMap/hud-dashboard", "PrometheusRule/hud", "PodMonitor/hud-agents"];
        var plain = await ChartAsync();
        Assert.Empty(made.Intersect(plain.Keys));
        var all = await ChartAsync(
            "--set",
            "dashboard.enabled=true,dashboard.namespace=grafana,dashboard.annotations.grafana_folder=Tokio,"
                + "prometheusRule.enabled=true,prometheusRule.labels.release=prom,"
                + "podMonitor.enabled=true,podMonitor.interval=17s,podMonitor.labels.release=prom"
        );
        Assert.Equal(made.Order(), all.Keys.Except(plain.Keys).Order());

        var dashboard = all[made[0]];
        Assert.Equal(
            ("grafana", "1", "Tokio"),
            (
                dashboard["metadata"]["namespace"].ToString(),
                dashboard["metadata"]["labels"]["grafana_dashboard"].ToString(),
                dashboard["metadata"]["annotations"]["grafana_folder"].ToString()
            )
        );
        Assert.Equal(
            (
                await File.ReadAllTextAsync(Path.Combine(Repository.Root, "charts", "hud", "dashboards", "hud.json"))
            ).TrimEnd(),
            dashboard["data"]["hud.json"].ToString()
        );

        var rule = all[made[1]];
        Assert.Equal(
            ("monitoring.coreos.com/v1", Cluster.System, "prom"),
            (
                rule["apiVersion"].ToString(),
                rule["metadata"]["namespace"].ToString(),
                rule["metadata"]["labels"]["release"].ToString()
            )
        );
        var rules = new YamlStream();
        using (var text = File.OpenText(Path.Combine(Repository.Root, "charts", "hud", "rules", "hud.yaml")))
            rules.Load(text);
        Assert.Equal(Normal(rules.Documents[0].RootNode), Normal(rule["spec"]));

        var monitor = all[made[2]];
        var endpoint = monitor["spec"]["podMetricsEndpoints"][0];
        Assert.Equal(
            ("monitoring.coreos.com/v1", Cluster.System, "prom"),
            (
                monitor["apiVersion"].ToString(),
                monitor["metadata"]["namespace"].ToString(),
                monitor["metadata"]["labels"]["release"].ToString()
            )
        );
        Assert.Equal(
            ("continuous-agent", "metrics", "17s", "true"),
            (
                monitor["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"].ToString(),
                endpoint["port"].ToString(),
                endpoint["interval"].ToString(),
                endpoint["honorLabels"].ToString()
            )
        );
        // who may scrape is to be said
        const string Agents = "NetworkPolicy/hud-continuous-agent";
        Assert.Null(At(plain[Agents]["spec"], "ingress"));
        var open = await ChartAsync(
            "--set-json",
            """continuous.metrics.from=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]"""
        );
        var scrapes = open[Agents]["spec"]["ingress"][0];
        Assert.Equal("9464", scrapes["ports"][0]["port"].ToString());
        Assert.Single((YamlSequenceNode)scrapes["from"]);
        foreach (
            var bad in (string[])
                [
                    "dashboard.namespace=Not_One",
                    "podMonitor.interval=often",
                    "podMonitor.enabled=true,continuous.metrics.enabled=false",
                    "prometheusRule.rules=x",
                ]
        )
            Assert.NotEqual(0, (await cluster.HelmAsync("template", "hud", "charts/hud", "--set", bad)).Code);
    }

    [Fact]
    public async Task Alerts_are_received_on_demand_and_only_with_a_secret()
    {
        cluster.Require();
        Assert.DoesNotContain((await ChartAsync()).Keys, k => k.EndsWith("-alerts", StringComparison.Ordinal));
        var without = await cluster.HelmAsync("template", "hud", "charts/hud", "--set", "alerts.enabled=true");
        Assert.NotEqual(0, without.Code);
        Assert.Contains("alerts.existingSecret is not set", without.Error, StringComparison.Ordinal);

        var all = await ChartAsync(
            "--set-json",
            """alerts={"enabled":true,"existingSecret":"hud-alerts","from":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]}"""
        );
        var pod = all["Deployment/hud-operator"]["spec"]["template"]["spec"];
        var container = pod["containers"][0];
        var secret = pod["volumes"][0]["secret"];
        Assert.Equal(("hud-alerts", "token"), (secret["secretName"].ToString(), secret["items"][0]["key"].ToString()));
        var environment = ((YamlSequenceNode)container["env"]).ToDictionary(
            e => e["name"].ToString(),
            e => At(e, "value")?.ToString()
        );
        Assert.Equal(
            $"{container["volumeMounts"][0]["mountPath"]}/{secret["items"][0]["path"]}",
            environment["HUD_ALERTS_TOKEN_FILE"]
        );
        var service = all["Service/hud-operator-alerts"]["spec"]["ports"][0];
        var port = ((YamlSequenceNode)container["ports"]).Single(p =>
            p["name"].ToString() == service["targetPort"].ToString()
        );
        Assert.Equal($"http://*:{port["containerPort"]}/", environment["HUD_ALERTS_ADDRESS"]);
        var policy = all["NetworkPolicy/hud-operator"]["spec"];
        Assert.Null(At(policy["ingress"][0], "from"));
        Assert.Equal(
            ("http", "alerts"),
            (policy["ingress"][0]["ports"][0]["port"].ToString(), policy["ingress"][1]["ports"][0]["port"].ToString())
        );
        Assert.Single((YamlSequenceNode)policy["ingress"][1]["from"]);
        // the server takes all of it
        await using var world = await World.CreateAsync(cluster);
        var said = await cluster.HelmAsync(
            "template",
            "hud",
            "charts/hud",
            "-n",
            world.Name,
            "-s",
            "templates/alerts.yaml",
            "-s",
            "templates/deployment.yaml",
            "--set-json",
            """alerts={"enabled":true,"existingSecret":"hud-alerts","from":[{"podSelector":{}}]}"""
        );
        (await cluster.KubectlWithAsync(said.Ok(), "-n", world.Name, "apply", "--dry-run=server", "-f", "-")).Ok();
    }

    /// <summary>
    /// Field by field what the pod security standard "restricted" asks for; a server with pod security admission is asked itself. Agents
    /// share the operator's namespace, so that is labelled for them.
    /// </summary>
    [Fact]
    public async Task The_operators_pod_is_restricted_and_its_namespace_is_labelled_for_the_agents()
    {
        cluster.Require();
        var all = await ChartAsync("--set", "namespace.create=true");
        foreach (var mode in (string[])["enforce", "audit", "warn"])
            Assert.Equal(
                "privileged",
                all[$"Namespace/{Cluster.System}"]
                    ["metadata"]["labels"][$"pod-security.kubernetes.io/{mode}"]
                    .ToString()
            );
        var pod = all["Deployment/hud-operator"]["spec"]["template"]["spec"];
        foreach (var host in (string[])["hostNetwork", "hostPID", "hostIPC"])
            Assert.Null(At(pod, host));
        Assert.Null(At(pod, "volumes"));
        Assert.Null(At(pod, "initContainers"));
        var outer = pod["securityContext"];
        Assert.Equal(
            ("true", "65532", "RuntimeDefault"),
            (
                outer["runAsNonRoot"].ToString(),
                outer["runAsUser"].ToString(),
                outer["seccompProfile"]["type"].ToString()
            )
        );
        foreach (var field in (string[])["sysctls", "seLinuxOptions", "appArmorProfile", "windowsOptions"])
            Assert.Null(At(outer, field));
        var container = Assert.Single((YamlSequenceNode)pod["containers"]);
        Assert.All((YamlSequenceNode)container["ports"], p => Assert.Null(At(p, "hostPort")));
        foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
            Assert.Null(At(container[probe]["httpGet"], "host"));
        Assert.Null(At(container, "lifecycle"));
        var inner = container["securityContext"];
        Assert.Equal(
            ("false", "true"),
            (inner["allowPrivilegeEscalation"].ToString(), inner["readOnlyRootFilesystem"].ToString())
        );
        Assert.Equal(["ALL"], ((YamlSequenceNode)inner["capabilities"]["drop"]).Select(n => n.ToString()));
        Assert.Null(At(inner["capabilities"], "add"));
        foreach (
            var field in (string[])
                ["privileged", "procMount", "seLinuxOptions", "seccompProfile", "runAsUser", "runAsNonRoot"]
        )
            Assert.Null(At(inner, field));

        if (cluster.Minor < 25)
            return;
        await using var world = await World.CreateAsync(cluster);
        (
            await cluster.KubectlAsync("label", "namespace", world.Name, "pod-security.kubernetes.io/warn=restricted")
        ).Ok();
        var said = await cluster.HelmAsync(
            "template",
            "hud",
            "charts/hud",
            "-n",
            world.Name,
            "-s",
            "templates/deployment.yaml"
        );
        var applied = await cluster.KubectlWithAsync(
            said.Ok(),
            "-n",
            world.Name,
            "apply",
            "--dry-run=server",
            "-f",
            "-"
        );
        Assert.DoesNotContain("would violate", applied.Ok() + applied.Error, StringComparison.Ordinal);
    }

    /// <summary>What the chart makes, by kind and name.</summary>
    /// <param name="values">Arguments of helm, such as <c>--set x=y</c>.</param>
    private async Task<Dictionary<string, YamlMappingNode>> ChartAsync(params string[] values) =>
        Parse((await cluster.HelmAsync(["template", "hud", "charts/hud", "-n", Cluster.System, .. values])).Ok());

    private static YamlNode? At(YamlNode node, string field) =>
        ((YamlMappingNode)node).Children.TryGetValue(field, out var found) ? found : null;

    private static Dictionary<string, YamlMappingNode> Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream
            .Documents.Select(d => d.RootNode)
            .OfType<YamlMappingNode>()
            .ToDictionary(d => $"{d["kind"]}/{d["metadata"]["name"]}", d => d);
    }

    private static string Text(YamlMappingNode document, string part)
    {
        if (!document.Children.TryGetValue(new YamlScalarNode(part), out var node))
            return "";
        return Normal(node);
    }

    /// <summary>Without layout and order.</summary>
    private static string Normal(YamlNode node) =>
        node switch
        {
            YamlMappingNode map => "{"
                + string.Join(
                    ",",
                    map.Children.OrderBy(p => p.Key.ToString(), StringComparer.Ordinal)
                        .Select(p => p.Key + ":" + Normal(p.Value))
                )
                + "}",
            YamlSequenceNode list => "[" + string.Join(",", list.Select(Normal)) + "]",
            _ => ((YamlScalarNode)node).Value ?? "",
        };
}
