using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hud.Kubernetes.Tests.Scripted;

namespace Hud.Operator.Tests.Alerts;

/// <summary>Debian's Alertmanager on loopback, with the configuration of the documentation but for two places.</summary>
internal sealed class Alertmanager : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hud-alertmanager-");
    private readonly StringBuilder _log = new();
    private readonly HttpClient _http = new();
    private Process? _process;

    /// <summary>Where <c>scripts/prometheus.sh</c> keeps what it fetched.</summary>
    private static string Programs { get; } =
        Path.Combine(
            Environment.GetEnvironmentVariable("HUD_CACHE")
                ?? Path.Combine(
                    Environment.GetEnvironmentVariable("XDG_CACHE_HOME")
                        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
                    "hud"
                ),
            "prometheus"
        );

    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    public static string Documented => File.ReadAllText(RepositoryRoot.PathOf("docs", "alertmanager.yml"));

    /// <summary>Skips the test, or fails it where everything is required, when there is none.</summary>
    public static void Require()
    {
        if (!File.Exists(Path.Combine(Programs, "amtool")))
            Missing.Because("Alertmanager is not there (scripts/install.sh test)");
    }

    /// <summary>What amtool says of a configuration.</summary>
    public static async Task<(int Code, string Said)> CheckAsync(string configuration)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, configuration);
            using var process = Start("amtool", "check-config", file);
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return (process.ExitCode, await output + await error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <param name="receiver">The address of the receiver of alerts.</param>
    public static async Task<Alertmanager> StartAsync(Uri receiver, string tokenFile)
    {
        var alertmanager = new Alertmanager();
        var port = FreePort.Next();
        var configuration = Path.Combine(alertmanager._folder.FullName, "alertmanager.yml");
        await File.WriteAllTextAsync(
            configuration,
            Documented
                .Replace(
                    "http://hud-operator-alerts.hud-system:8081/alerts",
                    receiver.ToString(),
                    StringComparison.Ordinal
                )
                .Replace("/etc/alertmanager/hud-token", tokenFile, StringComparison.Ordinal)
        );
        alertmanager._http.BaseAddress = new Uri($"http://127.0.0.1:{port}/");
        alertmanager._process = Start(
            "prometheus-alertmanager",
            $"--config.file={configuration}",
            $"--storage.path={alertmanager._folder.FullName}",
            $"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=debug"
        );
        alertmanager._process.ErrorDataReceived += (_, line) => alertmanager.Add(line.Data);
        alertmanager._process.OutputDataReceived += (_, line) => alertmanager.Add(line.Data);
        alertmanager._process.BeginErrorReadLine();
        alertmanager._process.BeginOutputReadLine();
        await Objects.UntilAsync(
            () => alertmanager._process.HasExited || alertmanager.Log.Contains("Listening", StringComparison.Ordinal),
            "an Alertmanager"
        );
        Assert.False(alertmanager._process.HasExited, alertmanager.Log);
        return alertmanager;
    }

    /// <summary>As Prometheus does: <c>POST /api/v2/alerts</c>.</summary>
    public async Task FireAsync(DateTimeOffset startsAt, params Dictionary<string, string>[] alerts)
    {
        var body = JsonSerializer.Serialize(
            alerts.Select(labels => new
            {
                labels,
                startsAt,
                generatorURL = "http://prometheus/graph",
            })
        );
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync("api/v2/alerts", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
        _folder.Delete(recursive: true);
    }

    private static Process Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(
                new ProcessStartInfo(Path.Combine(Programs, program), arguments)
                {
                    WorkingDirectory = Programs, // its templates are there
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{program} does not start: {e.Message}", e);
        }
    }

    private void Add(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }
}
