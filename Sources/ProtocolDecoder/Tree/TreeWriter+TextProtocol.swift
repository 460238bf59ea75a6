// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    /// Writes one message as an object, several as a list.
    mutating func write(_ input: TextInput) {
        writeOneOrList(input.messages) { tree, message in
            tree.object { tree in
                tree.members(of: message)
                if input.parity == .even { tree.json.member("parity", "even") }
            }
        }
    }

    private mutating func members(of message: TextMessage) {
        switch message {
        case .request(let message):
            name("request")
            json.member("address", message.address)
        case .identification(let message):
            name("identification")
            members(of: message)
        case .optionSelect(let message):
            name("option-select")
            character("protocol_control", message.protocolControl)
            character("baud_character", message.baudCharacter)
            character("mode_control", message.modeControl)
            if let baud = message.baud { json.member("baud", baud) }
        case .acknowledge: name("acknowledge")
        case .negativeAcknowledge: name("negative-acknowledge")
        case .command(let message):
            name("command")
            json.member("command", message.name)
            json.member("partial", message.isPartial)
            if let data = message.data { content(data) }
        case .data(let message):
            name("data")
            json.member("partial", message.isPartial)
            if let error = message.errorText { json.member("error", error) }
            content(message.content)
        case .telegram(let message):
            name("telegram")
            object("identification") { $0.members(of: message.identification) }
            json.member("check_digits", message.hasCheckDigits)
            members(of: message.block)
        }
    }

    private mutating func name(_ name: String) {
        json.member("message", name)
    }

    private mutating func character(_ name: StaticString, _ character: UInt8) {
        json.name(name)
        json.string(utf8: [character])
    }

    private mutating func members(of message: IdentificationMessage) {
        json.member("manufacturer", message.manufacturer)
        character("baud_character", message.baudCharacter)
        list("escapes", message.escapes) { $0.json.string(utf8: [0x5C, $1]) }
        json.member("identification", message.identification)
        let (mode, baud): (String, Int?) =
            switch message.mode {
            case .a: ("A", TextBaudRate.opening)
            case .b(let baud): ("B", baud)
            case .c(let baud): ("C", baud)
            case .e(let baud): ("E", baud)
            }
        json.member("mode", mode)
        if let baud { json.member("baud", baud) }
        json.member("reaction_time_ms", message.reactsQuickly ? 20 : 200)
    }

    /// Writes data sets, or the text where there are none.
    private mutating func content(_ characters: [UInt8]) {
        if let block = try? TextDataBlock(octets: characters) {
            members(of: block)
        } else {
            json.name("text")
            json.string(utf8: characters)
        }
    }

    private mutating func members(of block: TextDataBlock) {
        json.member("readout", block.isReadout)
        list("lines", block.lines) { tree, sets in
            tree.json.beginArray()
            for set in sets {
                tree.write(set)
            }
            tree.json.endArray()
        }
    }

    private mutating func write(_ set: TextDataSet) {
        object { tree in
            if !set.address.isEmpty { tree.json.member("address", set.address) }
            tree.list("values", set.values) { tree, value in
                tree.object { tree in
                    tree.json.member("value", value.text)
                    if let unit = value.unit { tree.json.member("unit", unit) }
                }
            }
        }
    }
}
