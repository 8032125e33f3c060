import { Controller, type Type } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { CommandPlace, CommandService } from '@tenure/directory';
import type { CommandMessage } from '@tenure/messaging';

/** The directory's commands by pattern. A table, so each row becomes a method that Nest can call. */
export const commandsController = (commands: Readonly<Record<string, CommandService>>): Type => {
  @Controller()
  class CommandsController {}

  for (const [pattern, run] of Object.entries(commands)) {
    const method = {
      value: (message: CommandMessage, context: CommandPlace) => run(message, context),
      configurable: true,
      writable: true,
    };
    Object.defineProperty(CommandsController.prototype, pattern, method);
    MessagePattern<string>(pattern)(CommandsController.prototype, pattern, method);
    Payload()(CommandsController.prototype, pattern, 0);
    Ctx()(CommandsController.prototype, pattern, 1);
  }
  return CommandsController;
};
