// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Fleet
import GatewayCore
import JSONText
import Timekeeping

/// Tells when a recurrence is due, without a gateway: what `POST /schedules/preview` answers.
struct PreviewScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview-schedule",
        abstract: "Tell when a recurrence is due, in words and with what changes of the clock do.",
        discussion: """
            A fault is told on standard error and ends with 2; with -, each line is answered by a line, that of a \
            fault being {"problem":{...}}.
            Examples:
              cosem-gateway preview-schedule --time-zone Europe/Bratislava "30 2 * * *"
              cosem-gateway preview-schedule --count 3 PT15M
              cosem-gateway preview-schedule "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=6"
              cosem-gateway preview-schedule - < lines-of-json.txt
            """
    )

    @Option(help: "The IANA name of a time zone.")
    var timeZone = "UTC"

    @Option(help: "How many times to tell.")
    var count = SchedulePreview.usualCount

    @Option(help: "From when on, such as 2026-03-28T00:00:00Z; now unless it is given.")
    var after: String?

    @Argument(
        help: """
            Five fields of cron, a rule that begins with FREQ=, or a duration such as PT15M; or - for one JSON object a \
            line on standard input, in the form of POST /schedules/preview.
            """
    )
    var recurrence: String

    func run() throws {
        guard recurrence == "-" else {
            do throws(GatewayError) {
                Self.printLine(try Self.preview(document))
            } catch {
                Terminal.tell(error.detail)
                if let hint = error.hint { Terminal.tell(hint) }
                throw ExitCode(2)
            }
            return
        }
        while let line = readLine() {
            do throws(GatewayError) {
                Self.printLine(try Self.preview(try Self.parsed(line)))
            } catch {
                Self.printLine(Self.problem(error))
            }
        }
    }

    private static func parsed(_ line: String) throws(GatewayError) -> JSONValue {
        do throws(JSONError) {
            return try JSONReader.parse(Array(line.utf8))
        } catch {
            throw .malformedJSON(error)
        }
    }

    /// What the arguments say, as a caller of the API would.
    private var document: JSONValue {
        let word = recurrence.uppercased().hasPrefix("FREQ=") ? "rrule" : recurrence.hasPrefix("P") ? "every" : "cron"
        var members: [JSONObject.Member] = [
            .init(
                name: "recurrence",
                value: .object(JSONObject([.init(name: word, value: .string(recurrence))]) ?? .init())
            ),
            .init(name: "timeZone", value: .string(timeZone)), .init(name: "count", value: .integer(count)),
        ]
        if let after { members.append(.init(name: "after", value: .string(after))) }
        return .object(JSONObject(members) ?? JSONObject())
    }

    private static func preview(_ document: JSONValue) throws(GatewayError) -> [UInt8] {
        do throws(ScheduleFault) {
            let preview = try SchedulePreview(document, now: SystemWallClock().now())
            var writer = JSONWriter(reservingCapacity: 1024)
            preview.write(into: &writer)
            return writer.octets
        } catch {
            throw GatewayError(error)
        }
    }

    private static func problem(_ error: GatewayError) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("problem")
        writer.beginObject()
        writer.member("title", error.name)
        writer.member("detail", error.detail)
        writer.member("hint", error.hint)
        if case .badRecurrence(_, let column?, _) = error { writer.member("column", column) }
        writer.endObject()
        writer.endObject()
        return writer.octets
    }

    private static func printLine(_ octets: [UInt8]) {
        print(String(decoding: octets, as: UTF8.self))
    }
}
