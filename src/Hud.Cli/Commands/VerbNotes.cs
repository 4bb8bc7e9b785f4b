using System.CommandLine;

namespace Hud.Cli.Commands;

/// <summary>What help says about a verb beyond its flags: examples, and the codes it ends with.</summary>
/// <param name="Completes">What Tab offers for its arguments beyond verbs, flags and their values.</param>
internal sealed record VerbNotes(
    IReadOnlyList<(string Command, string Meaning)> Examples,
    IReadOnlyList<int> ExitCodes,
    string Completes = "",
    string More = ""
)
{
    private const string Sessions = "names of the sessions in the namespace";
    private const string Files = "files";

    private const string Threshold =
        "Which threshold? Every other task on the worker waits as long as the poll takes. A service whose requests take "
        + "20 ms notices blocks of 5 ms (the default); one with a goal of 2 ms needs --threshold 500us. Cost = how often x "
        + "how long: 200 requests a second that block 1 ms each take 20% of one worker. Polls far below a "
        + "tenth of your latency goal are noise. docs/threshold.md goes through it.";

    private static readonly Dictionary<string, VerbNotes> All = new(StringComparer.Ordinal)
    {
        [""] = new(
            [
                ("hud my-service", "watch it live until Ctrl-C or q"),
                ("hud --pid 4242 -d 2h", "one process for two hours"),
                ("hud my-service --look-back 10m", "x saves the ten minutes before it"),
                ("hud my-service --follow -d 2h", "through crashes and restarts"),
                ("hud my-service --threshold 500us", "shorter blocks too"),
                ("hud my-service -d 30 --export report.html", "half a minute, and the page"),
                ("hud my-service -o json > before.json", "for hud show and hud diff"),
                ("hud my-service --metrics :9464", "for Prometheus, until Ctrl-C"),
            ],
            [0, 2, 3, 4, 5],
            "names of running processes with several threads",
            Threshold
        ),
        ["run"] = new(
            [
                ("hud run -f session.yaml", "as the file says"),
                ("hud run -f - -q < session.yaml", "from stdin, only the report"),
            ],
            [0, 2, 3, 4, 5, 6],
            Files
        ),
        ["doctor"] = new([("hud doctor", "what works here"), ("hud doctor -o json", "for a script")], [0, 2, 3]),
        ["show"] = new(
            [
                ("hud show report.json", "the report again"),
                ("hud show report.json --export page.html", "as a page"),
                ("zcat report.json.gz | hud show -", "from stdin"),
            ],
            [0, 2],
            Files
        ),
        ["diff"] = new([("hud diff before.json after.json", "what changed")], [0, 2, 5, 6], Files),
        ["merge"] = new(
            [
                ("hud merge a.json b.json -o all.html", "two sessions, as a page"),
                ("hud merge eu=a.json us=b.json -o all.json", "of two clusters"),
            ],
            [0, 2],
            Files
        ),
        ["completion"] = new(
            [("source <(hud completion bash)", "for the running shell"), ("hud completion fish | source", "in fish")],
            [0, 2],
            "bash, zsh, fish"
        ),
        ["help"] = new([("hud help show", "the same as hud show --help")], [0, 2], "verbs"),
        ["version"] = new([("hud version", "the same as hud --version")], [0]),
        ["kubectl"] = new(
            [
                ("kubectl hud doctor", "is everything there?"),
                ("kubectl hud run deploy/checkout", "profile it for a minute"),
            ],
            [0, 2]
        ),
        ["kubectl run"] = new(
            [
                ("kubectl hud run deploy/checkout -d 30", "half a minute"),
                ("kubectl hud run -l app=checkout --max-pods 3", "pods by label"),
                ("kubectl hud run deploy/checkout --expect-max-poll 50ms", "a gate for a pipeline"),
            ],
            [0, 2, 3, 4, 5, 6, 130]
        ),
        ["kubectl watch"] = new(
            [("kubectl hud watch checkout-p99", "follow it, then its report")],
            [0, 2, 3, 4, 5, 6, 130],
            Sessions
        ),
        ["kubectl get"] = new([("kubectl hud get -A", "of all namespaces")], [0, 2, 3]),
        ["kubectl top"] = new(
            [
                ("kubectl hud top -A", "all workloads, the worst first"),
                ("kubectl hud top -A -l hud.dev/policy=hourly", "of the sessions that a policy made"),
            ],
            [0, 2, 3]
        ),
        ["kubectl policies"] = new([("kubectl hud policies -A", "of all namespaces")], [0, 2, 3]),
        ["kubectl describe"] = new([("kubectl hud describe checkout-p99", "the report again")], [0, 2, 3, 5], Sessions),
        ["kubectl open"] = new(
            [
                ("kubectl hud open checkout-p99", "in the browser"),
                ("kubectl hud open checkout-p99 --save page.html", "as a file"),
            ],
            [0, 2, 3, 5],
            Sessions
        ),
        ["kubectl diff"] = new([("kubectl hud diff before after", "what changed")], [0, 2, 3, 5, 6], Sessions),
        ["kubectl export"] = new(
            [("kubectl hud export checkout-p99 cpu.pprof.pb.gz flame.svg", "two formats at once")],
            [0, 2, 3, 5],
            Sessions
        ),
        ["kubectl doctor"] = new(
            [("kubectl hud doctor checkout-p99", "the cluster, and why this session waits")],
            [0, 2, 3],
            Sessions
        ),
    };

    public static VerbNotes Of(Command command) => All[HelpText.VerbPath(command)];

    public static IEnumerable<string> Verbs => All.Keys;

    public static string Meaning(int exitCode) =>
        exitCode switch
        {
            0 => "done, and every expectation was met",
            2 => "wrong input: the command line, a file, or no such process or session",
            3 => "this machine, the cluster or your permissions do not allow it",
            4 => "nothing to measure: not a Tokio program, or no poll was seen",
            5 => "cut off: the process, the agent or the session ended early, or there is no report",
            6 => "an expectation was not met, or the second run is worse",
            130 => "Ctrl-C: the session goes on in the cluster",
            _ => throw new ArgumentOutOfRangeException(nameof(exitCode)),
        };
}
