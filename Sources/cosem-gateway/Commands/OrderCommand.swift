// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import JSONText
import Jobs
import Timekeeping

/// Cuts or gives back supply through a running gateway.
struct OrderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Disconnect or reconnect a customer through a running gateway.",
        discussion: """
            Asks for the id of the meter to be typed once more unless --confirm has it, sends the order once, and \
            waits for its end.
            Example:
              cosem-gateway order disconnect M-1001 --reason NONPAYMENT --confirm M-1001
            """
    )

    @OptionGroup var client: ClientOptions
    @Argument(help: "disconnect or reconnect.")
    var action: String
    @Argument(help: "The id of the meter.")
    var meter: String
    @Option(help: "Why, for the record.")
    var reason: String
    @Option(help: "The number of the work order.")
    var reference: String?
    @Option(help: "The state that the meter has to be in: connected, disconnected or ready-for-reconnection.")
    var expectedState: String?
    @Option(help: "The id of the meter once more.")
    var confirm: String?
    @Option(help: "What tells this order from others when it is sent again. (default: drawn)")
    var idempotencyKey: String?
    @Flag(help: "Only tell what would be done.")
    var dryRun = false

    func validate() throws {
        guard ["disconnect", "reconnect"].contains(action) else {
            throw ValidationError("write disconnect or reconnect")
        }
    }

    func run() throws {
        if !dryRun { try confirmed() }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("action", action)
        writer.member("reason", reason)
        if let reference { writer.member("reference", reference) }
        if let expectedState { writer.member("expectedState", expectedState) }
        if dryRun { writer.member("dryRun", true) }
        writer.endObject()
        let fresh = TimeOrderedIDGenerator<IdempotencyKey>().next(at: SystemWallClock().now())
        let answer = try client.json(
            "POST",
            "/meters/\(ClientOptions.escaped(meter))/disconnector/orders",
            fields: [("Idempotency-Key", idempotencyKey ?? fresh.text)],
            body: writer.octets
        )
        guard !dryRun, let job = answer["id"]?.string else {
            ClientOptions.print(answer.octets)
            return
        }
        try JobWatch(client: client, job: job).end()
    }

    private func confirmed() throws {
        var typed = confirm
        if typed == nil, isatty(STDIN_FILENO) == 1 {
            Terminal.tell("This will \(action) the customer of meter \(meter). Type the id of the meter to go on:")
            typed = readLine()
        }
        guard typed == meter else {
            Terminal.tell("Nothing was sent: the id of the meter was not confirmed; --confirm \(meter) does it.")
            throw ClientOptions.Code.usage
        }
    }
}
