using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;
using Hud.Kubernetes;
using k8s.Models;

namespace Hud.ClusterTests;

/// <summary>What a scripted server cannot vouch for: the API server's own pages and its own ownership of fields.</summary>
public sealed class ClientTests(Cluster cluster)
{
    private static V1ConfigMap Map(string ns, string name, params (string Key, string Value)[] data) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = ns,
                Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["set"] = "ours" },
            },
            Data = data.ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal),
        };

    [Fact]
    public async Task A_list_that_comes_in_pages_is_whole_and_in_order()
    {
        await using var world = await World.CreateAsync(cluster);
        for (var i = 0; i < 5; i++)
            await cluster.Client.CreateAsync(
                EntityTypes.ConfigMaps,
                Map(world.Name, $"m{i}", ("n", $"{i}")),
                CancellationToken.None
            );
        // the server does cut this list into three
        var first = JsonNode.Parse(
            await cluster.Client.GetRawAsync(
                $"/api/v1/namespaces/{world.Name}/configmaps?labelSelector=set%3Dours&limit=2",
                CancellationToken.None
            )
        )!;
        Assert.Equal(2, first["items"]!.AsArray().Count);
        Assert.NotEmpty(first["metadata"]!["continue"]!.GetValue<string>());

        var list = await cluster.Client.ListAsync(
            EntityTypes.ConfigMaps,
            world.Name,
            new ListOptions("set=ours", PageSize: 2),
            CancellationToken.None
        );

        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], list.Items!.Select(m => m.Metadata.Name));
        Assert.Equal(["0", "1", "2", "3", "4"], list.Items!.Select(m => m.Data!["n"]));
        Assert.Null(list.Metadata.ContinueProperty);
        // a watch goes on from where the last page says the list stands
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await cluster.Client.CreateAsync(EntityTypes.ConfigMaps, Map(world.Name, "m5"), CancellationToken.None);
        await foreach (
            var change in cluster.Client.WatchAsync(
                EntityTypes.ConfigMaps,
                world.Name,
                new ListOptions("set=ours"),
                list.Metadata.ResourceVersion!,
                end.Token
            )
        )
        {
            Assert.Equal((WatchEventKind.Added, "m5"), (change.Kind, change.Entity?.Metadata.Name));
            return;
        }
        Assert.Fail("the watch ended without a word");
    }

    [Fact]
    public async Task What_is_applied_is_owned_and_another_manager_conflicts_unless_it_forces()
    {
        await using var world = await World.CreateAsync(cluster);
        Task<V1ConfigMap> ApplyAsync(string manager, bool force, params (string Key, string Value)[] data) =>
            cluster.Client.ApplyAsync(
                EntityTypes.ConfigMaps,
                Map(world.Name, "m", data),
                manager,
                CancellationToken.None,
                force: force
            );

        var made = await ApplyAsync("one", force: false, ("a", "1"), ("b", "1"));
        var again = await ApplyAsync("one", force: false, ("a", "1"), ("b", "1"));
        Assert.Equal(made.Metadata.ResourceVersion, again.Metadata.ResourceVersion);

        // what a manager applies no more is gone
        Assert.Equal(["a"], (await ApplyAsync("one", force: false, ("a", "1"))).Data!.Keys);

        var conflict = await Assert.ThrowsAsync<ConflictException>(() => ApplyAsync("two", force: false, ("a", "2")));
        Assert.Contains("\"one\"", conflict.Detail, StringComparison.Ordinal);
        Assert.Equal(
            "1",
            (await cluster.Client.GetAsync(EntityTypes.ConfigMaps, world.Name, "m", CancellationToken.None)).Data!["a"]
        );
        // a field of its own does not conflict
        Assert.Equal(
            ("1", "2"),
            await ApplyAsync("two", force: false, ("c", "2")) is var both ? (both.Data!["a"], both.Data["c"]) : default
        );
        Assert.Equal("2", (await ApplyAsync("two", force: true, ("a", "2"))).Data!["a"]);
        await Assert.ThrowsAsync<ConflictException>(() => ApplyAsync("one", force: false, ("a", "1")));
    }
}
