using System.Globalization;

namespace Hud.WorkloadTests.Harness;

/// <summary>A cgroup with a CPU quota, of version 1 or 2, whichever the machine has; gone with the test.</summary>
internal sealed class CpuGroup : IDisposable
{
    private const int PeriodUs = 100_000;

    private readonly string _folder;
    private readonly bool _v1;

    private CpuGroup(string folder, bool v1) => (_folder, _v1) = (folder, v1);

    public static CpuGroup Create(string name, int quotaPercent)
    {
        var v1 = File.Exists("/sys/fs/cgroup/cpu/cgroup.procs");
        var root = v1 ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup";
        if (!v1 && !File.Exists("/sys/fs/cgroup/cgroup.controllers"))
            Unusable("no cgroup file system is mounted");
        var group = new CpuGroup($"{root}/{name}-{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}", v1);
        var quota = (PeriodUs * quotaPercent / 100).ToString(CultureInfo.InvariantCulture);
        var period = PeriodUs.ToString(CultureInfo.InvariantCulture);
        try
        {
            if (!v1)
                File.WriteAllText($"{root}/cgroup.subtree_control", "+cpu");
            Directory.CreateDirectory(group._folder);
            if (v1)
            {
                File.WriteAllText($"{group._folder}/cpu.cfs_period_us", period);
                File.WriteAllText($"{group._folder}/cpu.cfs_quota_us", quota);
            }
            else
            {
                File.WriteAllText($"{group._folder}/cpu.max", $"{quota} {period}");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            group.Dispose();
            Unusable($"no CPU quota can be set here: {exception.Message}");
        }

        return group;
    }

    public void Add(int pid) =>
        File.WriteAllText($"{_folder}/cgroup.procs", pid.ToString(CultureInfo.InvariantCulture));

    /// <summary>A group without a quota of its own, as a container without a limit has in a pod with one.</summary>
    public CpuGroup Inside(string name)
    {
        var group = new CpuGroup($"{_folder}/{name}", _v1);
        if (!_v1)
            File.WriteAllText($"{_folder}/cgroup.subtree_control", "+cpu");
        Directory.CreateDirectory(group._folder);
        return group;
    }

    /// <summary><c>throttled_time 90951234</c> (ns) in version 1, <c>throttled_usec 90951</c> in version 2.</summary>
    public long ThrottledNs()
    {
        var key = _v1 ? "throttled_time " : "throttled_usec ";
        var line = File.ReadLines($"{_folder}/cpu.stat").First(line => line.StartsWith(key, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(key.Length), CultureInfo.InvariantCulture) * (_v1 ? 1 : 1000);
    }

    public void Dispose()
    {
        // A group can be removed once its last process is gone, which takes a moment.
        for (var attempt = 0; Directory.Exists(_folder) && attempt < 100; attempt++)
        {
            try
            {
                Directory.Delete(_folder);
            }
            catch (IOException)
            {
                Thread.Sleep(50);
            }
        }
    }

    private static void Unusable(string reason)
    {
        if (string.Equals(Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL"), "1", StringComparison.Ordinal))
            Assert.Fail(reason);
        Assert.Skip(reason);
    }
}
