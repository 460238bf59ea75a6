// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSCodec
import DLMSEngine
import DLMSSecurity
import MeterTransport

/// Carries out one request at a meter with options that the gateway does not show to its callers.
///
/// Peer tests use it to have the engine talk to foreign meters. Each item's result is a line on standard output, then
/// come what was learned and what was pushed.
@main
struct MeterProbe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meter-probe",
        abstract: "Carry out one request at a meter: a developer's tool for tests.",
        discussion:
            "An item is get=CLASS:OBIS:ATTRIBUTE, set=CLASS:OBIS:ATTRIBUTE:HEX or action=CLASS:OBIS:METHOD[:HEX]."
    )

    @Option(help: "The port of the meter on 127.0.0.1.")
    var port: Int

    @Option(help: "The client address.")
    var client: UInt16 = 16

    @Option(help: "The password, if the client has one.")
    var password: String?

    @Option(help: "When writes and methods go in lists: never, whereReadListsWork, whereAgreed.")
    var writeLists = "whereAgreed"

    @Flag(help: "Send long lists in blocks.")
    var listsInBlocks = false

    @Option(help: "When requests go in general blocks: never, where-needed, for-long-requests, always.")
    var generalBlocks = "never"

    @Option(help: "The window of general block transfer.")
    var window: UInt8 = 4

    @Option(help: "The longest APDU the client says it takes.")
    var maxReceive: UInt16 = 0xFFFF

    @Option(help: "How many seconds to wait for each answer.")
    var responseSeconds = 10

    @Flag(help: "Do all items in one ACCESS request.")
    var access = false

    @Flag(help: "Let the meter stop at the first item of an ACCESS that fails.")
    var breakOnError = false

    @Flag(help: "Do not offer lists, so that several reads go by ACCESS.")
    var withoutLists = false

    @Flag(help: "Expect no association to be opened.")
    var preEstablished = false

    @Argument(help: "What to do.")
    var items: [String]

    func run() async throws {
        let items = try items.map(ProbeItem.parse)
        let network = MeterNetwork()
        defer { Task { await network.shutdown() } }
        let (connection, info) = try await MeterConnection.open(
            to: TCPEndpoint(host: "127.0.0.1", port: port),
            settings: try settings(),
            connectTimeout: .seconds(5),
            network: network,
            onUnsolicited: { print("unsolicited \(ProbeText.hex($0.octets))") }
        )
        print("conformance \(info.conformance.names.joined(separator: ","))")
        do {
            let (response, learned) = try await connection.perform(try request(items))
            for line in ProbeText.lines(of: response) { print(line) }
            print("learned readLists=\(learned.learned.readLists) writeLists=\(learned.learned.writeLists)")
            print("requests \(connection.counters.requestsSent)")
        } catch {
            print("failed \(error)")
        }
        await connection.release()
    }

    private func settings() throws -> AssociationSettings {
        var settings = AssociationSettings(
            link: .wrapper(clientPort: client, serverPort: 1),
            authentication: password.map { .low(Secret(text: $0)) } ?? .none,
            proposedConformance: AssociationSettings.fullConformance,
            maxReceivePDUSize: maxReceive,
            responseTimeout: .seconds(responseSeconds),
            isPreEstablished: preEstablished
        )
        if withoutLists { settings.proposedConformance.remove(.multipleReferences) }
        guard let use = AssociationSettings.WriteListUse(rawValue: writeLists) else {
            throw ValidationError("--write-lists: never, whereReadListsWork or whereAgreed")
        }
        settings.writeLists = use
        settings.sendsListsInBlocks = listsInBlocks
        settings.blockTransfer.window = window
        switch generalBlocks {
        case "never": settings.blockTransfer.use = .never
        case "where-needed": settings.blockTransfer.use = .whereNeeded
        case "for-long-requests": settings.blockTransfer.use = .forLongRequests
        case "always": settings.blockTransfer.use = .always
        default: throw ValidationError("--general-blocks: never, where-needed, for-long-requests or always")
        }
        return settings
    }

    /// The request for items of one kind, or for all of them by ACCESS.
    private func request(_ items: [AccessItem]) throws -> ServiceRequest {
        if access { return .access(items, breaksOnError: breakOnError) }
        var reads: [AttributeRequest] = []
        var writes: [AttributeWrite] = []
        var invocations: [MethodInvocation] = []
        for item in items {
            switch item {
            case .get(let request): reads.append(request)
            case .set(let write): writes.append(write)
            case .action(let invocation): invocations.append(invocation)
            }
        }
        if reads.count == items.count { return .get(reads) }
        if writes.count == items.count { return .set(writes) }
        guard invocations.count == items.count else { throw ValidationError("items of several kinds need --access") }
        return .actions(invocations)
    }
}
