using System.Text.RegularExpressions;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>The images of the Dockerfile: what is in them, and that the operator and the agent run from them. All other tests' agents are made of the same one.</summary>
[Collection(Alone.Name)]
[Trait("runs", "recovery")]
public sealed partial class ImageTests(Cluster cluster)
{
    [Theory]
    [InlineData("hud-operator", "65532:65532")]
    [InlineData("hud-agent", "0:0")]
    public void An_image_holds_its_program_and_nothing_of_the_build(string name, string user)
    {
        var image = Image(name);
        var config = image.Config["config"]!;
        Assert.Equal("/" + name, Assert.Single(config["Entrypoint"]!.AsArray())!.GetValue<string>());
        Assert.Null(config["Cmd"]);
        Assert.Equal(user, config["User"]!.GetValue<string>());
        Assert.Equal(name, config["Labels"]!["org.opencontainers.image.title"]!.GetValue<string>());
        // a proxy or a token of the build would be here, or in the history
        Assert.Equal(
            ["DOTNET_EnableDiagnostics=0", "PATH"],
            config["Env"]!
                .AsArray()
                .Select(e => e!.GetValue<string>())
                .Select(e => e.StartsWith("PATH=", StringComparison.Ordinal) ? "PATH" : e)
                .Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain("://", image.Config["history"]!.ToJsonString(), StringComparison.Ordinal);

        var program = image.Files[name];
        Assert.Equal((0, 0, "755"), (program.Uid, program.Gid, Convert.ToString((int)program.Mode, 8)));
        Assert.Contains("LICENSE", image.Files.Keys);
        Assert.Equal(
            name == "hud-agent",
            image.Files.Keys.Any(f => f.EndsWith("/libdw.so.1", StringComparison.Ordinal))
        );
        var left = image.Files.Where(f => f.Value.Size > 0 && OfTheBuild().IsMatch(f.Key)).Select(f => f.Key);
        Assert.Empty(left);
        foreach (
            var certificate in Directory.Exists("/usr/local/share/ca-certificates")
                ? Directory.GetFiles("/usr/local/share/ca-certificates", "*.crt")
                : []
        )
            Assert.DoesNotContain(File.ReadAllText(certificate).Trim(), image.Certificates, StringComparison.Ordinal);
        Assert.Contains("BEGIN CERTIFICATE", image.Certificates, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_operator_runs_from_the_Dockerfiles_image_as_nobody_with_nothing_to_write_to()
    {
        var image = Image("hud-operator");
        await cluster.OperatorReadyAsync();
        var pod = (await cluster.ListAsync("pods", Cluster.System, Cluster.OperatorPods)).First(p =>
            p!["metadata"]!["deletionTimestamp"] is null
        )!;
        Assert.EndsWith(
            image.Id,
            pod["status"]!["containerStatuses"]![0]!["imageID"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        var pid = Assert.Single(Node.Pids(pod));
        var status = await File.ReadAllLinesAsync($"/proc/{pid}/status");
        Assert.Contains("Uid:\t65532\t65532\t65532\t65532", status);
        Assert.Contains("NoNewPrivs:\t1", status);
        Assert.Contains("CapEff:\t0000000000000000", status);
        Assert.Matches(@"(?m)^\S+ \S+ \S+ / / ro,", await File.ReadAllTextAsync($"/proc/{pid}/mountinfo"));
    }

    [Fact]
    public async Task The_agent_of_the_Dockerfiles_image_finds_what_blocks_a_Tokio_pod()
    {
        var image = Image("hud-agent");
        await using var world = await World.CreateAsync(cluster);
        // with line tables: the file and the line come from the libdw that the Dockerfile installs
        await world.PodAsync("p", "/cpu_hog_lines --seconds 900 --block-ms 30 --every-ms 200");
        await world.PodsReadyAsync();
        await UseAgentAsync("localhost/hud-agent:test");
        try
        {
            await world.SessionAsync("s", "target: {podName: p}\nduration: 8s\nthreshold: 10ms");
            await world.PhaseAsync("s", "Profiling");
            var agent = (await cluster.AgentsOfAsync(world.Name)).Single();
            Assert.EndsWith(
                image.Id,
                agent["status"]!["containerStatuses"]![0]!["imageID"]!.GetValue<string>(),
                StringComparison.Ordinal
            );
            var mounts = await Task.WhenAll(
                Node.Pids(agent).Select(p => File.ReadAllTextAsync($"/proc/{p}/mountinfo"))
            );
            Assert.NotEmpty(mounts);
            Assert.All(mounts, m => Assert.Matches(@"(?m)^\S+ \S+ \S+ / / ro,", m));

            var session = await world.FinishedAsync("s");
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
            var worst = session["status"]!["hotspots"]![0]!;
            Assert.Equal("OnCpu", worst["cause"]!.GetValue<string>());
            Assert.Contains("spin", worst["function"]!.ToString() + worst["userFrame"], StringComparison.Ordinal);
            Assert.Matches(@"\w\.rs:\d+$", worst["location"]!.GetValue<string>());
        }
        finally
        {
            await UseAgentAsync(Cluster.Agent);
        }
    }

    private async Task UseAgentAsync(string image)
    {
        (
            await cluster.KubectlAsync(
                "-n",
                Cluster.System,
                "set",
                "env",
                "deployment/hud-operator",
                $"HUD_AGENT_IMAGE={image}"
            )
        ).Ok();
        await cluster.OperatorReadyAsync();
    }

    /// <summary>Skips the test where the Dockerfile cannot be built; one that is broken fails it.</summary>
    private ImageArchive Image(string name)
    {
        cluster.RequireOwn();
        var built = cluster.Dockerfile!;
        if (built.Code == 2 && Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") != "1")
            Assert.Skip(built.Output.Trim());
        Assert.True(built.Code == 0, built.All);
        return ImageArchive.Read(Path.Combine(Repository.Root, Cluster.Dockerfiles, name + ".tar"));
    }

    // sources, compilers, SDK, packages and the machine's settings of apt and NuGet
    [GeneratedRegex(
        @"^(src|mnt|media|srv)/|\.(cs|csproj|props|nupkg|deb)$|^root/\.(nuget|cache|dotnet|local)/|(^|/)dotnet(/|$)|^usr/(bin|lib)/(clang|llvm|gcc)|^var/lib/apt/lists/|^var/cache/apt/|^var/log/|^etc/apt/(sources\.list|auth\.conf|apt\.conf\.d/machine)|^usr/local/share/ca-certificates/",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex OfTheBuild();
}
