using System.CommandLine;
using Hud.Cli.Commands;
using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Kubectl;

/// <summary>The verbs of <c>kubectl hud</c>, which is <c>hud kubectl</c> under kubectl's name for a plugin.</summary>
internal sealed class ClusterVerbs
{
    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = "Namespace, as for kubectl",
        Recursive = true,
        HelpName = "name",
    };
    private readonly Option<string?> _context = new("--context")
    {
        Description = "Context, as for kubectl",
        Recursive = true,
        HelpName = "name",
    };
    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        Description = "Configuration, as for kubectl",
        Recursive = true,
        HelpName = "file",
    };
    private readonly Option<string> _operator = new("--operator-namespace")
    {
        Description = "Where the operator runs",
        Recursive = true,
        HelpName = "name",
        DefaultValueFactory = _ => "hud-system",
    };

    public Command Build()
    {
        var root = new Command("kubectl", "The verbs of kubectl hud: profile pods of a cluster")
        {
            _namespace,
            _context,
            _kubeconfig,
            _operator,
        };
        // a bare "kubectl hud" is a question, not a mistake
        root.SetAction(parsed => HelpText.Print(parsed.CommandResult.Command));
        root.Subcommands.Add(Run());
        root.Subcommands.Add(Watch());
        root.Subcommands.Add(Get());
        root.Subcommands.Add(Top());
        root.Subcommands.Add(Policies());
        root.Subcommands.Add(Describe());
        root.Subcommands.Add(Open());
        root.Subcommands.Add(Diff());
        root.Subcommands.Add(Export());
        root.Subcommands.Add(Doctor());
        return root;
    }

    private Command Run()
    {
        var options = new SpecOptions();
        var name = new Option<string?>("--name")
        {
            Description = "Name of the session; else one is made up",
            HelpName = "name",
        };
        var noWait = new Option<bool>("--no-wait") { Description = "Make the session and do not wait for it" };
        var output = DataText.Option();
        var command = new Command("run", "Make a session, follow it, print its report; -o prints the session");
        options.AddTo(command);
        command.Options.Add(name);
        command.Options.Add(noWait);
        command.Options.Add(output);
        command.SetAction(parsed =>
            Actions(parsed)
                .Run(
                    options.Spec(parsed),
                    parsed.GetValue(name),
                    wait: !parsed.GetValue(noWait),
                    DataText.Format(parsed, output)
                )
        );
        return command;
    }

    private Command Watch()
    {
        var session = Session();
        var output = DataText.Option();
        var command = new Command("watch", "Watch a session live, then print its report; -o prints the session")
        {
            session,
            output,
        };
        command.SetAction(parsed => Actions(parsed).Watch(parsed.GetValue(session)!, DataText.Format(parsed, output)));
        return command;
    }

    private Command Get()
    {
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "Of every namespace" };
        var output = DataText.Option();
        var command = new Command("get", "List sessions") { all, output };
        command.SetAction(parsed => Actions(parsed).Get(parsed.GetValue(all), DataText.Format(parsed, output)));
        return command;
    }

    private Command Top() =>
        Listing(
            "top",
            "Every workload by worker time lost: its newest verdict, the replica that differs, its versions",
            static (actions, all, selector, output) => actions.Top(all, selector, output)
        );

    private Command Policies() =>
        Listing(
            "policies",
            "List policies: schedule, last and next run, last verdict",
            static (actions, all, selector, output) => actions.Policies(all, selector, output)
        );

    private Command Listing(string name, string description, Func<ClusterActions, bool, string?, string?, int> list)
    {
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "Of every namespace" };
        var selector = new Option<string?>("--selector", "-l")
        {
            Description = "Only those with these labels, as for kubectl",
            HelpName = "labels",
        };
        var output = DataText.Option();
        var command = new Command(name, description) { all, selector, output };
        command.SetAction(parsed =>
            list(Actions(parsed), parsed.GetValue(all), parsed.GetValue(selector), DataText.Format(parsed, output))
        );
        return command;
    }

    private Command Describe()
    {
        var session = Session();
        var output = DataText.Option();
        var command = new Command("describe", "The verdict and the hotspots of a session, in words")
        {
            session,
            output,
        };
        command.SetAction(parsed =>
            Actions(parsed).Describe(parsed.GetValue(session)!, DataText.Format(parsed, output))
        );
        return command;
    }

    private Command Open()
    {
        var session = Session();
        var save = new Option<string?>("--save")
        {
            Description = "Write the page here and do not open it",
            HelpName = "file",
        };
        var command = new Command("open", "Open the page of a session in the browser") { session, save };
        command.SetAction(parsed => Actions(parsed).Open(parsed.GetValue(session)!, parsed.GetValue(save)));
        return command;
    }

    private Command Diff()
    {
        Argument<string> before = Session("BEFORE", "A session"),
            after = Session("AFTER", "A later session");
        var output = DiffVerb.Output();
        var command = new Command("diff", "Compare two sessions; exit code 6 when the second is worse")
        {
            before,
            after,
            output,
        };
        command.SetAction(parsed =>
            DiffVerb.Compare(
                Actions(parsed).Report(parsed.GetValue(before)!),
                Actions(parsed).Report(parsed.GetValue(after)!),
                DataText.Format(parsed, output)
            )
        );
        return command;
    }

    private Command Export()
    {
        var session = Session();
        var files = new Argument<string[]>("FILE")
        {
            Description = $"Files to write; the endings say which ({ExportFormats.Extensions})",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("export", "Write the report of a session in other formats") { session, files };
        command.SetAction(parsed => Actions(parsed).Export(parsed.GetValue(session)!, parsed.GetValue(files)!));
        return command;
    }

    private Command Doctor()
    {
        var session = new Argument<string?>("SESSION")
        {
            Description = "Also look at this session",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = DataText.Option();
        var command = new Command(
            "doctor",
            "Check the cluster setup, or why a session is stuck: resource, operator, permissions, nodes"
        )
        {
            session,
            output,
        };
        command.SetAction(parsed =>
            new ClusterDoctor(
                Client(parsed),
                Client(parsed, parsed.GetValue(_operator)),
                parsed.GetValue(_operator)!
            ).Run(parsed.GetValue(session), DataText.Format(parsed, output))
        );
        return command;
    }

    private ClusterActions Actions(ParseResult parsed) =>
        new(Client(parsed), Client(parsed, parsed.GetValue(_operator)));

    private KubectlClient Client(ParseResult parsed, string? inNamespace = null)
    {
        var globals = new List<string>();
        foreach (
            var (flag, value) in new[]
            {
                ("--namespace", inNamespace ?? parsed.GetValue(_namespace)),
                ("--context", parsed.GetValue(_context)),
                ("--kubeconfig", parsed.GetValue(_kubeconfig)),
            }
        )
        {
            if (value is { Length: > 0 })
                globals.Add($"{flag}={value}");
        }

        return new KubectlClient(globals);
    }

    private Argument<string> Session(string name = "SESSION", string description = "Name of the session")
    {
        var session = new Argument<string>(name) { Description = description };
        CompletionVerb.Offer(session, SessionNames);
        return session;
    }

    /// <summary>For a shell's completion: nothing when the cluster does not answer.</summary>
    private IEnumerable<string> SessionNames(ParseResult parsed)
    {
        try
        {
            var answer = Client(parsed).Try(["get", SessionStore.Resource, "-o", "name", "--request-timeout=3s"]);
            return answer.Exit == 0
                ? answer.Text.Split('\n').Select(line => line[(line.IndexOf('/', StringComparison.Ordinal) + 1)..])
                : [];
        }
        catch (DiagnosticException)
        {
            return [];
        }
    }
}
