// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import JSONText

/// Lists and watches jobs of a running gateway.
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List and watch the jobs of a running gateway.",
        subcommands: [List.self, Watch.self]
    )

    /// Lists jobs.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the newest jobs: id, kind, state, done of total."
        )

        @OptionGroup var client: ClientOptions
        @Option(help: "Only those in this state, such as running.")
        var state: String?

        func run() throws {
            let query = state.map { "&state=" + ClientOptions.escaped($0) } ?? ""
            for job in try client.json("GET", "/jobs?limit=100\(query)")["items"]?.array ?? [] {
                let progress = job["progress"]
                let done = progress?["done"]?.number?.exactInt64 ?? 0
                let total = progress?["total"]?.number?.exactInt64 ?? 0
                let words = [job["id"], job["kind"], job["state"]].map { $0?.string ?? "" }
                print((words + ["\(done)/\(total)"]).joined(separator: "\t"))
            }
        }
    }

    /// Waits for a job.
    struct Watch: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "watch",
            abstract: "Show how far a job is and wait for its end.",
            discussion: """
                Exit code: 0 all succeeded, 1 nothing did, 3 some did, 5 its only meter was not reached.
                Example:
                  cosem-gateway jobs watch 0193a7c2-7d11-7000-8000-000000000001
                """
        )

        @OptionGroup var client: ClientOptions
        @Argument(help: "The id of the job.")
        var job: String

        func run() throws {
            try JobWatch(client: client, job: job).end()
        }
    }
}
