using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests.Chaos;

/// <summary>What can go wrong on a node and in a cluster, each as one call that also puts things right again.</summary>
/// <param name="random">Chooses whom it hits.</param>
internal sealed class Faults(Cluster cluster, World world, string work, Random random)
{
    /// <summary>How often each target was ended by a fault: a container that was restarted more often than that crashed by itself.</summary>
    public Dictionary<string, int> Ended { get; } = new(StringComparer.Ordinal);

    /// <summary>Each says whether there was something that it could hit.</summary>
    public IReadOnlyList<(string Name, int Weight, Func<Task<bool>> Strike)> All =>
        [
            ("agent killed", 5, () => AgentAsync(helper: false)),
            ("helper of the agent killed", 3, () => AgentAsync(helper: true)),
            ("agent pod deleted", 2, AgentPodAsync),
            ("operator killed", 3, OperatorAsync),
            ("API server killed, back after 0 to 2 s", 2, ApiServerAsync),
            ("etcd killed", 1, () => PartAsync("etcd")),
            ("kubelet killed", 1, () => PartAsync("kubelet")),
            ("containerd killed", 1, () => PartAsync("containerd")),
            ("target killed", 4, KillTargetAsync),
            ("target out of memory", 2, OutOfMemoryAsync),
            ("target executes itself anew", 6, () => SignalAsync("USR1")),
            ("target forks", 6, () => SignalAsync("USR2")),
            ("target stopped for 1 s", 5, StopTargetAsync),
            ("target pod deleted", 2, DeleteTargetAsync),
            ("session deleted", 3, () => SessionAsync(["delete", "hps"], [])),
            (
                "session suspended",
                3,
                () => SessionAsync(["patch", "hps"], ["--type=merge", "-p", """{"spec":{"suspend":true}}"""])
            ),
            ("hostile files beside the target's", 4, HostileFilesAsync),
            ("no space for logs for 2 s", 2, FullDiskAsync),
            ("clock 40 s ahead for 1 s", 2, ClockAsync),
        ];

    public static string[] TargetNames { get; } = ["t0", "t1", "t2", "t3"];

    /// <summary>The helper, which reads debug information, is the second process of an agent's container.</summary>
    private async Task<bool> AgentAsync(bool helper)
    {
        var hit = (await cluster.AgentsOfAsync(world.Name))
            .Select(p => Node.Pids(p).Order().ToList())
            .Where(p => p.Count > (helper ? 1 : 0))
            .ToList();
        return hit.Count > 0 && await KillAsync(hit[random.Next(hit.Count)][helper ? 1 : 0], "KILL");
    }

    private async Task<bool> AgentPodAsync()
    {
        var agents = await cluster.AgentsOfAsync(world.Name);
        if (agents.Count == 0)
            return false;
        var name = agents[random.Next(agents.Count)]["metadata"]!["name"]!.GetValue<string>();
        await cluster.KubectlAsync("-n", Cluster.System, "delete", "pod", name, "--grace-period=0", "--force");
        return true;
    }

    private async Task<bool> OperatorAsync()
    {
        var pids = (await cluster.ListAsync("pods", Cluster.System, Cluster.OperatorPods))
            .SelectMany(p => Node.Pids(p!))
            .ToList();
        return pids.Count > 0 && await KillAsync(pids.Min(), "KILL");
    }

    /// <summary>A cluster's parts are started again when they end, by systemd or the kubelet: an API server whose etcd is gone, for instance.</summary>
    /// <returns>How many had ended by themselves.</returns>
    public async Task<int> SuperviseAsync()
    {
        var ended = 0;
        foreach (var part in (string[])["etcd", "apiserver", "kcm", "scheduler", "containerd", "kubelet"])
        {
            if (Directory.Exists($"/proc/{await PidAsync(part)}"))
                continue;
            ended++;
            Console.Error.WriteLine($"chaos: {part} has ended by itself and is started again");
            if (part == "apiserver")
                (await ScriptAsync("start-apiserver.sh", work)).Ok("start-apiserver.sh");
            else
                await PartAsync(part);
        }

        return ended;
    }

    private async Task<int> PidAsync(string part) =>
        int.Parse(await File.ReadAllTextAsync(Path.Combine(work, part + ".pid")), CultureInfo.InvariantCulture);

    private async Task<bool> ApiServerAsync()
    {
        using (var server = Process.GetProcessById(await PidAsync("apiserver")))
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        await Task.Delay(random.Next(2000));
        (await ScriptAsync("start-apiserver.sh", work)).Ok("start-apiserver.sh");
        return true;
    }

    private async Task<bool> PartAsync(string part)
    {
        (await ScriptAsync("restart.sh", work, part)).Ok("restart.sh");
        return true;
    }

    private async Task<bool> KillTargetAsync()
    {
        var (name, pid) = await TargetAsync();
        if (pid == 0 || !await KillAsync(pid, "KILL"))
            return false;
        Ended[name] = Ended.GetValueOrDefault(name) + 1;
        return true;
    }

    /// <summary>A file in memory counts as the container's; the kernel then ends what runs in it.</summary>
    private async Task<bool> OutOfMemoryAsync()
    {
        var (name, pid) = await TargetAsync();
        if (pid == 0)
            return false;
        Ended[name] = Ended.GetValueOrDefault(name) + 1;
        await world.KubectlAsync(
            "exec",
            name,
            "--",
            "/bin/sh",
            "-c",
            "/bin/dd if=/dev/zero of=/mem/file bs=1M count=200"
        );
        return true;
    }

    private async Task<bool> SignalAsync(string signal)
    {
        var (_, pid) = await TargetAsync();
        return pid != 0 && await KillAsync(pid, signal);
    }

    private async Task<bool> StopTargetAsync()
    {
        var (_, pid) = await TargetAsync();
        if (pid == 0 || !await KillAsync(pid, "STOP"))
            return false;
        await Task.Delay(1000);
        await KillAsync(pid, "CONT");
        return true;
    }

    private async Task<bool> DeleteTargetAsync()
    {
        var name = TargetNames[random.Next(TargetNames.Length)];
        await world.KubectlAsync("delete", "pod", name, "--grace-period=0", "--force", "--timeout=30s");
        Ended[name] = 0;
        return true;
    }

    private async Task<bool> SessionAsync(string[] verb, string[] more)
    {
        var sessions = (await cluster.ListAsync("hud.dev/v1alpha1/profilingsessions", world.Name))
            .Where(s => s!["status"]?["phase"]?.GetValue<string>() is not ("Completed" or "Failed"))
            .Select(s => s!["metadata"]!["name"]!.GetValue<string>())
            .ToList();
        if (sessions.Count == 0)
            return false;
        return (await world.KubectlAsync([.. verb, sessions[random.Next(sessions.Count)], .. more])).Code == 0;
    }

    /// <summary>A pipe that nothing answers, a link out of the container, and a file of a terabyte, where debug files are looked for.</summary>
    private async Task<bool> HostileFilesAsync()
    {
        var (_, pid) = await TargetAsync();
        var folder = $"/proc/{pid}/root";
        if (pid == 0 || !Directory.Exists(folder))
            return false;
        var kind = random.Next(3) switch
        {
            0 => $"mkfifo {folder}/counts.debug",
            1 => $"ln -s /etc/shadow {folder}/counts.debug",
            _ => $"truncate -s 1T {folder}/counts.debug",
        };
        return (await Command.RunAsync("sh", ["-c", $"rm -f {folder}/counts.debug; {kind}"])).Code == 0;
    }

    /// <summary>The folder of the containers' logs is one with no room, for containers that begin meanwhile.</summary>
    private async Task<bool> FullDiskAsync()
    {
        string[] node =
        [
            $"--mount=/proc/{(await File.ReadAllTextAsync(Path.Combine(work, "mounts.pid"))).Trim()}/ns/mnt",
        ];
        (
            await Command.RunAsync(
                "nsenter",
                [.. node, "mount", "-t", "tmpfs", "-o", "size=4k", "none", "/var/log/pods"]
            )
        ).Ok("mount");
        try
        {
            await Task.Delay(2000);
        }
        finally
        {
            (await Command.RunAsync("nsenter", [.. node, "umount", "-l", "/var/log/pods"])).Ok("umount");
        }

        return true;
    }

    private static async Task<bool> ClockAsync()
    {
        if (!await ShiftClockAsync("+40"))
            return false;
        try
        {
            await Task.Delay(1000);
        }
        finally
        {
            await ShiftClockAsync("-40");
        }

        return true;
    }

    private async Task<(string Name, int Pid)> TargetAsync()
    {
        var name = TargetNames[random.Next(TargetNames.Length)];
        var pod = await cluster.GetAsync("pods", name, world.Name);
        var pids = pod is null ? [] : Node.Pids(pod);
        return (name, pids.Count == 0 ? 0 : pids.Min());
    }

    private static Task<CommandResult> ScriptAsync(string script, params string[] arguments) =>
        Command.RunAsync("bash", [Path.Combine(Repository.Root, "tests/cluster", script), .. arguments], seconds: 120);

    private static async Task<bool> KillAsync(int pid, string signal) =>
        (await Command.RunAsync("kill", ["-" + signal, $"{pid}"])).Code == 0;

    private static async Task<bool> ShiftClockAsync(string by) =>
        (await Command.RunAsync("date", ["-s", by + " seconds"])).Code == 0;
}
